/** A service as a sequence of events: requests arrive, batches end, deadlines pass. Whatever decides is handed in. */
import { AHEAD_MS } from '../../src/engine/ahead.js'
import { type CostCurve } from '../../src/engine/cost-curve.js'
import { expectation, verdict, type Admissible, type Expectation, type Work } from '../../src/engine/admission.js'
import { dueTime } from '../../src/engine/batcher.js'
import type { Candidate, Snapshot } from '../../src/engine/candidate.js'
import type { Lane } from '../../src/engine/lane.js'
import { Lateness } from '../../src/engine/lateness.js'
import { plannedSteps } from '../../src/engine/step-budget.js'
import { gaussian, uniforms } from '../../src/load/random.js'
import { EventQueue } from './event-queue.js'
import type { Arrival } from './workload.js'

export interface Row extends Candidate {
  readonly arrival: Arrival
  /** Steps taken on its canvas. */
  readonly taken: number
}

export interface ServiceSnapshot extends Snapshot<Row> {
  readonly workers: number
  /** The batch is for a worker that is still at a short step; the rows that wait are to be shared out among all workers. */
  readonly ahead: boolean
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
  /** As in the engine: what is not expected to be done within so long, or by its deadline, is refused. Infinity: nothing is. */
  readonly maxWaitMs: number
  /** What a step costs. */
  readonly costs: CostCurve
  /** What the service believes that it costs, and learns from every step; undefined: it knows. */
  readonly belief?: CostCurve
  /** Standard deviation of the logarithm of a step's time around its expected value. */
  readonly jitter: number
  readonly seed: number
}

export interface Outcome {
  /**
   * done: in time, as what is not done by its deadline expires, like a request that gets 504. refused: the queue was full or
   * too long.
   */
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

class SimulatedRow implements Row, Admissible {
  taken = 0
  /** On canvases that are done. */
  takenBefore = 0
  block = 0
  /** When it came. */
  expected: Expectation | undefined
  steppedAt: number | undefined
  readonly deadlineAt: number
  readonly #work: readonly Work[]

  constructor (readonly sequence: number, readonly arrival: Arrival) {
    const { atMs, deadlineMs, steps, paddedLength, lane = 'step', blocks = 1 } = arrival
    this.deadlineAt = atMs + deadlineMs
    this.#work = Array.from({ length: blocks }, (_, block) => ({
      paddedLength,
      lane,
      dueAt: dueTime(atMs, deadlineMs, { block, blocks }),
      stepsLeft: steps.min,
      stepsUnder: (load) => plannedSteps(steps, 0, { load, slackMs: Infinity, stepMs: 0 }).steps
    }))
  }

  get dueAt (): number {
    return this.#work[this.block]?.dueAt ?? Infinity
  }

  get later (): readonly Work[] {
    return this.#work.slice(this.block + 1)
  }

  /** @returns whether there is another canvas */
  next (): boolean {
    this.takenBefore += this.taken
    this.taken = 0
    return ++this.block < this.#work.length
  }

  get paddedLength (): number {
    return this.arrival.paddedLength
  }

  get lane (): Lane {
    return this.arrival.lane ?? 'step'
  }

  get stepsLeft (): number {
    const { steps: { min } } = this.arrival
    return Math.max(1, min - this.taken) + min * (this.#work.length - this.block - 1)
  }

  stepsUnder (load: number): number {
    return plannedSteps(this.arrival.steps, this.taken, { load, slackMs: Infinity, stepMs: 0 }).steps - this.taken
  }
}

type Event =
  | { readonly kind: 'ended', readonly batch: Batch, readonly stepMs: number, readonly worker: Worker }
  | { readonly kind: 'expires', readonly row: SimulatedRow }

interface Worker {
  /** What it is at is expected to take so long in all; undefined: nothing. */
  expectedMs: number | undefined
  next: Batch | undefined
}

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
  readonly #lateness = new Lateness()
  readonly #workers: readonly Worker[]
  #arrived = 0
  #turnaroundMs = 0
  #now = 0

  constructor (arrivals: readonly Arrival[], policy: Policy, service: Service) {
    this.#arrivals = arrivals
    this.#policy = policy
    this.#service = service
    this.#workers = Array.from({ length: service.workers }, () => ({ expectedMs: undefined, next: undefined }))
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
    if (event?.kind === 'ended') this.#end(event.batch, event.stepMs, event.worker)
    else if (event?.kind === 'expires') this.#leave(event.row, 'expired')
  }

  #arrive (): void {
    const sequence = this.#arrived++
    const arrival = this.#arrivals[sequence]
    if (arrival === undefined) return
    const row = new SimulatedRow(sequence, arrival)
    if (!this.#admits(row)) {
      this.outcomes[sequence] = { status: 'refused', latencyMs: 0, steps: 0 }
      return
    }
    this.#waiting.add(row)
    if (row.deadlineAt !== Infinity) this.#events.push(row.deadlineAt, RANK.expires, { kind: 'expires', row })
  }

  #admits (row: SimulatedRow): boolean {
    const { maxQueue, maxWaitMs, workers, maxBatch } = this.#service
    const admitted = [...this.#waiting, ...this.#running]
    if (admitted.length >= maxQueue) return false
    if (maxWaitMs === Infinity) return true
    const expected = expectation(row, 1, { admitted, count: admitted.length, workers, maxBatch, costs: this.#belief })
    row.expected = expected
    return verdict(expected, this.#lateness, row.arrival.deadlineMs, maxWaitMs) === 'admitted'
  }

  get #belief (): CostCurve {
    return this.#service.belief ?? this.#service.costs
  }

  #dispatch (): void {
    while (this.#waiting.size > 0) {
      const idle = this.#workers.filter(({ expectedMs }) => expectedMs === undefined)
      const [worker] = idle
      if (worker === undefined) break
      const batch = this.#choose(idle.length, false)
      if (batch === undefined) return
      this.#take(batch)
      this.#begin(batch, worker)
    }
    while (this.#waiting.size > 0) {
      const worker = this.#workers.find(({ expectedMs = Infinity, next }) => next === undefined && expectedMs <= AHEAD_MS)
      const batch = worker === undefined ? undefined : this.#choose(this.#workers.length, true)
      if (worker === undefined || batch === undefined) return
      this.#take(batch)
      worker.next = batch
    }
  }

  #choose (idleWorkers: number, ahead: boolean): Batch | undefined {
    const { workers, maxBatch } = this.#service
    return this.#policy({
      waiting: this.#waiting,
      now: this.#now,
      idleWorkers,
      maxBatch,
      costs: this.#belief,
      workers,
      ahead,
      admitted: this.#waiting.size + this.#running.size,
      turnaroundMs: this.#turnaroundMs
    })
  }

  #take ({ rows }: Batch): void {
    for (const row of rows as readonly SimulatedRow[]) {
      if (!this.#waiting.delete(row)) throw new Error(`row ${row.sequence} does not wait`)
      this.#running.add(row)
      row.steppedAt ??= this.#now
    }
  }

  #begin (batch: Batch, worker: Worker): void {
    const { costs, jitter } = this.#service
    const [first] = batch.rows
    const { paddedLength = 0, lane } = first ?? {}
    const disturbance = jitter === 0 ? 1 : Math.exp(jitter * gaussian(this.#uniform))
    const stepMs = disturbance * costs.estimate(batch.rows.length, paddedLength, lane)
    const endMs = this.#now + batch.steps * stepMs
    worker.expectedMs = batch.steps * this.#belief.estimate(batch.rows.length, paddedLength, lane) || Infinity // 0: unknown
    this.batches++
    this.batchRows += batch.rows.length
    this.rowSteps += batch.steps * batch.rows.length
    this.busyMs += Math.max(0, Math.min(endMs, this.spanMs) - this.#now)
    this.#events.push(endMs, RANK.ended, { kind: 'ended', batch, stepMs, worker })
  }

  #end ({ rows, steps, targets }: Batch, stepMs: number, worker: Worker): void {
    worker.expectedMs = undefined
    const [first] = rows
    if (first !== undefined) {
      const { paddedLength, lane } = first
      this.#service.belief?.observe({ rows: rows.length, paddedLength, lane, ms: stepMs })
    }
    for (const [i, row] of (rows as readonly SimulatedRow[]).entries()) {
      this.#measureTurnaround(row, steps)
      if (!this.#running.delete(row)) continue // it expired meanwhile
      const target = targets[i] ?? 0
      row.taken = Math.min(target, row.taken + steps)
      if (row.taken === target && !row.next()) this.#leave(row, 'done')
      else this.#waiting.add(row)
    }
    const { next } = worker
    worker.next = undefined
    if (next !== undefined) this.#begin(next, worker)
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
    const latencyMs = this.#now - row.arrival.atMs
    if (row.expected !== undefined) this.#lateness.observe(row.expected, latencyMs, row.arrival.deadlineMs === Infinity ? undefined : status === 'done')
    this.outcomes[row.sequence] = { status, latencyMs, steps: row.takenBefore + row.taken }
  }
}
