/** A scenario under a virtual clock: the real dispatcher, batcher, admission, budgets and rows, on workers without processes. */
import { pino } from 'pino'
import { EventQueue } from '../../../bench/simulate/event-queue.js'
import { namedSchedule } from '../../../src/diffusion/schedule.js'
import { verdict, type Expectation, type Verdict } from '../../../src/engine/admission.js'
import { dueTime } from '../../../src/engine/batcher.js'
import { CostCurve } from '../../../src/engine/cost-curve.js'
import { Dispatcher } from '../../../src/engine/dispatcher.js'
import { Lateness } from '../../../src/engine/lateness.js'
import { Row, type RowSource } from '../../../src/engine/row.js'
import { Ledger, Violation } from './ledger.js'
import { stepCostMs, type Arrival, type Scenario } from './scenario.js'
import { MASK, VirtualPool, type Step } from './virtual-pool.js'

type Outcome = 'done' | 'cancelled' | 'expired' | 'failed' | 'refused'

export interface Played {
  /** Arrivals, ends of steps, cancellations, deadlines, workers' returns. */
  readonly events: number
  readonly outcomes: Readonly<Record<Outcome, number>>
}

interface Request {
  readonly arrival: Arrival
  readonly rows: readonly Row[]
  readonly expected: Expectation
  isSettled: boolean
}

type Event =
  | { readonly kind: 'step ended', readonly step: Step }
  | { readonly kind: 'worker returned' }
  | { readonly kind: 'cancelled' | 'expired', readonly request: Request }

/** What ends at a time has ended before a deadline of that time passes. */
const RANK = { 'step ended': 0, 'worker returned': 1, cancelled: 2, expired: 3 } as const
const MAX_LENGTH = 64
const LEAST_DRIFT = 1.001

/**
 * @param limits what the dispatcher is told, where it shall differ from what it is held to
 * @throws Violation
 */
export async function play (scenario: Scenario, limits: { readonly maxBatch?: number } = {}): Promise<Played> {
  const world = new World(scenario, limits.maxBatch ?? scenario.maxBatch)
  await world.toTheEnd()
  return world
}

class World implements Played {
  events = 0
  readonly outcomes = { done: 0, cancelled: 0, expired: 0, failed: 0, refused: 0 }
  readonly #scenario: Scenario
  readonly #queue = new EventQueue<Event>()
  readonly #ledger: Ledger
  readonly #pool: VirtualPool
  readonly #dispatcher: Dispatcher
  readonly #costs: CostCurve
  readonly #lateness = new Lateness()
  readonly #source: RowSource
  readonly #requestOf = new Map<Row, Request>()
  readonly #poisoned = new Set<number>()
  #now = 0
  #sequence = 0
  #thrown: Violation | undefined

  constructor (scenario: Scenario, maxBatch: number) {
    this.#scenario = scenario
    this.#ledger = new Ledger(scenario.maxBatch)
    this.#source = {
      distribution: 'mask', vocabSize: MASK, maskTokenId: MASK, exponent: 1, revealsForGood: scenario.revealsForGood, maxLength: MAX_LENGTH
    }
    const sizes = Array.from({ length: scenario.maxBatch }, (_, i) => i + 1)
    this.#costs = new CostCurve((['step', 'filter'] as const).flatMap((lane) => [32, 64].flatMap((paddedLength) =>
      sizes.map((rows) => ({ rows, paddedLength, lane, ms: stepCostMs(rows, paddedLength, lane === 'filter') })))))
    this.#pool = new VirtualPool(scenario, {
      // Thrown here it would pass for a step that failed.
      taken: (step) => { this.#attempt(() => { this.#ledger.taken(step.shape, step.batch) }) },
      notBegun: (step) => { this.#ledger.takenBack(step.batch) },
      begun: (step) => {
        this.#queue.push(this.#now + step.ms, RANK['step ended'], { kind: 'step ended', step })
      },
      isPoisoned: (seed) => this.#poisoned.has(seed)
    })
    this.#dispatcher = new Dispatcher({
      pool: this.#pool,
      costs: this.#costs,
      maxBatch,
      logger: pino({ level: 'silent' }),
      now: () => this.#now,
      onBegin: () => {},
      onRetry: () => {},
      requestOf: ({ seed }) => String(seed),
      onStep: (row) => { this.#stepped(row) },
      onFailed: (row, cause) => { this.#gaveUp(row, cause) }
    })
  }

  async toTheEnd (): Promise<void> {
    const { arrivals } = this.#scenario
    for (let arrived = 0; ;) {
      this.#now = Math.min(this.#queue.nextMs, arrivals[arrived]?.atMs ?? Infinity)
      if (this.#now === Infinity) break
      for (let next = arrivals[arrived]; next !== undefined && next.atMs === this.#now; next = arrivals[++arrived]) this.#arrive(next)
      while (this.#queue.nextMs === this.#now) await this.#happen(this.#queue.pop())
      this.#tick()
      await settled()
      this.#checkThrown()
    }
    this.#ledger.closed()
    if (this.#dispatcher.waitingRows + this.#dispatcher.runningRows > 0) throw new Violation('nothing is left behind: the dispatcher still has rows')
  }

  #tick (): void {
    this.#dispatcher.tick()
    if (this.#dispatcher.waitingRows > 0 && this.#pool.idleCount > 0) throw new Violation('no worker idles while a row waits: one does')
  }

  #arrive (arrival: Arrival): void {
    this.events++
    const { deadlineMs = Infinity, steps, filters, length } = arrival
    const budget = steps.min === steps.max
      ? { kind: 'exact' as const, stepSizes: namedSchedule('uniform', steps.max) }
      : { kind: 'elastic' as const, ...steps }
    const plan = {
      sampling: { solver: 'cumulative', jumps: 'independent', temperature: 1, topK: filters ? 5 : 0, topP: 1 } as const,
      budget,
      stableBelow: undefined,
      block: 0,
      later: [],
      dueAt: dueTime(this.#now, deadlineMs),
      deadlineAt: this.#now + deadlineMs,
      paceAt: this.#now + deadlineMs
    }
    const template = { tokens: new Int32Array(length), editable: new Uint8Array(length).fill(1) }
    // A row's seed is its name here.
    const rows = Array.from({ length: arrival.rows }, (_, i) =>
      new Row(this.#sequence++, { seed: 8 * arrival.id + i, template }, plan, this.#source))
    const expected = this.#admit(arrival, rows)
    if (expected === undefined) {
      this.outcomes.refused++
      return
    }
    const request = { arrival, rows, expected, isSettled: false }
    for (const row of rows) {
      if (arrival.poisoned) this.#poisoned.add(row.seed)
      this.#requestOf.set(row, request)
      this.#ledger.admitted(row)
      this.#dispatcher.add(row)
    }
    if (arrival.cancelAfterMs !== undefined) this.#queue.push(this.#now + arrival.cancelAfterMs, RANK.cancelled, { kind: 'cancelled', request })
    if (arrival.deadlineMs !== undefined) this.#queue.push(this.#now + arrival.deadlineMs, RANK.expired, { kind: 'expired', request })
  }

  /** As the engine does it. */
  #admit (arrival: Arrival, rows: readonly Row[]): Expectation | undefined {
    const { maxQueue, maxWaitMs } = this.#scenario
    const [row] = rows
    if (row === undefined) return undefined
    const expected = this.#dispatcher.expectation(row, rows.length)
    if (this.#dispatcher.waitingRows + this.#dispatcher.runningRows + rows.length > maxQueue) return undefined
    const judged = verdict(expected, this.#lateness, arrival.deadlineMs ?? Infinity, maxWaitMs)
    this.#checkVerdict(judged, arrival, row)
    if (judged === 'too_short' && this.#dispatcher.doubtful) return expected
    return judged === 'admitted' ? expected : undefined
  }

  /** Where costs are known exactly a deadline is called too short only if it is, and never admitted if nobody could meet it. */
  #checkVerdict (judged: Verdict, { deadlineMs, rows, steps }: Arrival, { paddedLength, lane }: Row): void {
    const { jitter, workers, maxBatch } = this.#scenario
    if (deadlineMs === undefined || jitter > 0) return
    const fastestMs = steps.min * stepCostMs(1, paddedLength, lane === 'filter')
    const rounds = Math.ceil(rows / (workers * maxBatch))
    const slowestMs = rounds * steps.min * stepCostMs(Math.min(rows, maxBatch), paddedLength, lane === 'filter')
    if (judged === 'too_short' && slowestMs * LEAST_DRIFT < deadlineMs) {
      throw new Violation(`deadlines are honest: ${deadlineMs} ms were called too short for ${slowestMs} ms of work`)
    }
    if (judged === 'admitted' && !this.#scenario.revealsForGood && fastestMs > deadlineMs * LEAST_DRIFT) {
      throw new Violation(`deadlines are honest: ${deadlineMs} ms were admitted for ${fastestMs} ms of work`)
    }
  }

  async #happen (event: Event | undefined): Promise<void> {
    this.events++
    switch (event?.kind) {
      case 'step ended': return await this.#end(event.step)
      case undefined: return
      case 'worker returned': { this.#pool.release(); return }
      case 'cancelled':
      case 'expired': { this.#settle(event.request, event.kind) }
    }
  }

  async #end (step: Step): Promise<void> {
    if (step.outcome === 'passes') this.#ledger.passed(step.batch)
    else this.#ledger.failed(step.batch)
    const awayMs = this.#pool.end(step)
    if (awayMs === 0) this.#pool.release()
    else if (awayMs !== undefined) this.#queue.push(this.#now + awayMs, RANK['worker returned'], { kind: 'worker returned' })
    // The dispatcher sees the result before anything else happens.
    await settled()
    this.#checkThrown()
  }

  #stepped (row: Row): void {
    if (!row.done) return
    this.#ledger.done(row)
    const request = this.#requestOf.get(row)
    if (request?.rows.every(({ done }) => done) !== true) return
    const { arrival: { atMs, deadlineMs = Infinity }, expected } = request
    if (this.#now > atMs + deadlineMs) throw new Violation('deadlines are honest: one was done after its deadline')
    this.#lateness.observe(expected, this.#now - atMs, deadlineMs === Infinity ? undefined : true)
    this.#settle(request, 'done')
  }

  /** The dispatcher, too, gives up a row whose listener throws. */
  #gaveUp (row: Row, cause: unknown): void {
    if (cause instanceof Violation) this.#thrown ??= cause
    else this.#attempt(() => { this.#ledger.givenUp(row) })
    const request = this.#requestOf.get(row)
    if (request !== undefined) this.#settle(request, 'failed')
  }

  #attempt (check: () => void): void {
    try {
      check()
    } catch (error) {
      this.#thrown ??= error as Violation
    }
  }

  #checkThrown (): void {
    if (this.#thrown !== undefined) throw this.#thrown
  }

  #settle (request: Request, outcome: Outcome): void {
    if (request.isSettled) return
    request.isSettled = true
    this.outcomes[outcome]++
    if (outcome === 'expired') this.#lateness.observe(request.expected, request.arrival.deadlineMs ?? 0, false)
    for (const row of request.rows) {
      this.#dispatcher.remove(row)
      this.#requestOf.delete(row)
      if (outcome !== 'done') this.#ledger.left(row)
    }
  }
}

/** Promises that can be settled are. */
async function settled (): Promise<void> {
  await new Promise(setImmediate)
}
