/** A service as a sequence of events: requests arrive, batches end, deadlines pass. Whatever decides is handed in. */
import { type CostCurve } from '../../src/engine/cost-curve.js'
import { dueTime } from '../../src/engine/batcher.js'
import type { Candidate, Snapshot } from '../../src/engine/candidate.js'
import { gaussian, uniforms } from '../lib/random.js'
import { EventQueue } from './event-queue.js'
import type { Arrival } from './workload.js'

export interface Row extends Candidate {
  readonly arrival: Arrival
  /** Steps taken. */
  readonly taken: number
}

export interface ServiceSnapshot extends Snapshot<Row> {
  readonly workers: number
  /** Rows here, waiting and running. */
  readonly admitted: number
  /** Moving average of the time from the end of a row's step to the end of its next one. */
  readonly turnaroundMs: number
}

/** Rows that run together, on one worker, for so many steps: until then nobody joins and nobody's result is ready. */
export interface Batch {
  readonly rows: readonly Row[]
  readonly steps: number
  /** For each row the steps that it should take in all; it is done when it has taken them. */
  readonly targets: readonly number[]
}

/** From what is there to what runs next; undefined: nothing, until something happens. */
export type Policy = (snapshot: ServiceSnapshot) => Batch | undefined

export interface Service {
  readonly workers: number
  readonly maxBatch: number
  /** Rows admitted at once. */
  readonly maxQueue: number
  readonly costs: CostCurve
  /** Standard deviation of the logarithm of a step's time around its expected value. */
  readonly jitter: number
  readonly seed: number
}

export interface Outcome {
  /** done: in time, as what is not done by its deadline expires, like a request that gets 504. refused: the queue was full. */
  readonly status: 'done' | 'expired' | 'refused'
  /** From arrival to end. */
  readonly latencyMs: number
  readonly steps: number
}

export interface Simulation {
  /** Of the arrivals, in their order. */
  readonly outcomes: readonly Outcome[]
  /** Until the last arrival. */
  readonly spanMs: number
  /** Workers' time in steps until the last arrival. */
  readonly busyMs: number
  readonly batches: number
  /** Rows in them. */
  readonly batchRows: number
  /** Steps of rows, also of those that expired. */
  readonly rowSteps: number
}

/** What ends at a time ends before what is over then is judged, and before what comes then. */
const RANK = { ended: 0, expires: 1 } as const
const NEWEST_WEIGHT = 0.1

class SimulatedRow implements Row {
  /** Sorting the posterior is no part of the simulation. */
  readonly filters = false
  taken = 0
  steppedAt: number | undefined
  readonly dueAt: number
  readonly deadlineAt: number

  constructor (readonly sequence: number, readonly arrival: Arrival) {
    this.dueAt = dueTime(arrival.atMs, arrival.deadlineMs)
    this.deadlineAt = arrival.atMs + arrival.deadlineMs
  }

  get paddedLength (): number {
    return this.arrival.paddedLength
  }

  get stepsLeft (): number {
    return Math.max(1, this.arrival.steps.min - this.taken)
  }
}

type Event = { readonly kind: 'ended', readonly batch: Batch } | { readonly kind: 'expires', readonly row: SimulatedRow }

/** @param arrivals ascending in time */
export function simulate (arrivals: readonly Arrival[], policy: Policy, service: Service): Simulation {
  const run = new Run(arrivals, policy, service)
  run.toTheEnd()
  return run
}

class Run implements Simulation {
  readonly outcomes: Outcome[] = []
  readonly spanMs: number
  busyMs = 0
  batches = 0
  batchRows = 0
  rowSteps = 0
  readonly #arrivals: readonly Arrival[]
  readonly #policy: Policy
  readonly #service: Service
  readonly #events = new EventQueue<Event>()
  readonly #waiting = new Set<SimulatedRow>()
  readonly #running = new Set<SimulatedRow>()
  readonly #uniform: () => number
  #idle: number
  #arrived = 0
  #turnaroundMs = 0
  #now = 0

  constructor (arrivals: readonly Arrival[], policy: Policy, service: Service) {
    this.#arrivals = arrivals
    this.#policy = policy
    this.#service = service
    this.#idle = service.workers
    this.#uniform = uniforms(service.seed)
    this.spanMs = arrivals.at(-1)?.atMs ?? 0
  }

  toTheEnd (): void {
    for (;;) {
      this.#now = Math.min(this.#events.nextMs, this.#arrivals[this.#arrived]?.atMs ?? Infinity)
      if (this.#now === Infinity) return
      while (this.#events.nextMs === this.#now) this.#happen(this.#events.pop())
      while (this.#arrivals[this.#arrived]?.atMs === this.#now) this.#arrive()
      this.#dispatch()
    }
  }

  #happen (event: Event | undefined): void {
    if (event?.kind === 'ended') this.#end(event.batch)
    else if (event?.kind === 'expires') this.#leave(event.row, 'expired')
  }

  #arrive (): void {
    const sequence = this.#arrived++
    const arrival = this.#arrivals[sequence]
    if (arrival === undefined) return
    if (this.#waiting.size + this.#running.size >= this.#service.maxQueue) {
      this.outcomes[sequence] = { status: 'refused', latencyMs: 0, steps: 0 }
      return
    }
    const row = new SimulatedRow(sequence, arrival)
    this.#waiting.add(row)
    if (row.deadlineAt !== Infinity) this.#events.push(row.deadlineAt, RANK.expires, { kind: 'expires', row })
  }

  #dispatch (): void {
    const { workers, maxBatch, costs } = this.#service
    while (this.#idle > 0 && this.#waiting.size > 0) {
      const batch = this.#policy({
        waiting: this.#waiting,
        now: this.#now,
        idleWorkers: this.#idle,
        maxBatch,
        costs,
        workers,
        admitted: this.#waiting.size + this.#running.size,
        turnaroundMs: this.#turnaroundMs
      })
      if (batch === undefined) return
      this.#begin(batch)
    }
  }

  #begin (batch: Batch): void {
    const { costs, jitter } = this.#service
    const [first] = batch.rows
    const stepMs = costs.estimate(batch.rows.length, first?.paddedLength ?? 0)
    const disturbance = jitter === 0 ? 1 : Math.exp(jitter * gaussian(this.#uniform))
    const endMs = this.#now + batch.steps * stepMs * disturbance
    this.#idle--
    for (const row of batch.rows as readonly SimulatedRow[]) {
      if (!this.#waiting.delete(row)) throw new Error(`row ${row.sequence} does not wait`)
      this.#running.add(row)
      row.steppedAt ??= this.#now
    }
    this.batches++
    this.batchRows += batch.rows.length
    this.rowSteps += batch.steps * batch.rows.length
    this.busyMs += Math.max(0, Math.min(endMs, this.spanMs) - this.#now)
    this.#events.push(endMs, RANK.ended, { kind: 'ended', batch })
  }

  #end ({ rows, steps, targets }: Batch): void {
    this.#idle++
    for (const [i, row] of (rows as readonly SimulatedRow[]).entries()) {
      this.#measureTurnaround(row, steps)
      if (!this.#running.delete(row)) continue // it expired meanwhile
      const target = targets[i] ?? 0
      row.taken = Math.min(target, row.taken + steps)
      if (row.taken === target) this.#leave(row, 'done')
      else this.#waiting.add(row)
    }
  }

  #measureTurnaround (row: SimulatedRow, steps: number): void {
    const ms = (this.#now - (row.steppedAt ?? this.#now)) / steps
    row.steppedAt = this.#now
    this.#turnaroundMs += (this.#turnaroundMs === 0 ? 1 : NEWEST_WEIGHT) * (ms - this.#turnaroundMs)
  }

  #leave (row: SimulatedRow, status: 'done' | 'expired'): void {
    if (this.outcomes[row.sequence] !== undefined) return
    this.#waiting.delete(row)
    this.#running.delete(row)
    this.outcomes[row.sequence] = { status, latencyMs: this.#now - row.arrival.atMs, steps: row.taken }
  }
}
