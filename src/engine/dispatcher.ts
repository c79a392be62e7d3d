/** Rows between their steps: gives every session a batch, and the next one ahead, runs failed ones again apart, measures steps. */
import type { Logger } from 'pino'
import { goesAhead, StepNotBegun } from './ahead.js'
import { expectation, type Admissible, type Expectation } from './admission.js'
import { assembleBatch, distributeResult } from './assemble.js'
import { BatchLimits } from './batch-limits.js'
import { nextBatch } from './batcher.js'
import type { CostCurve } from './cost-curve.js'
import { impossibility } from './impossible-result.js'
import type { RanBatch } from './request.js'
import type { Row } from './row.js'
import type { SessionPool } from './session-pool.js'
import type { Pressure } from './step-budget.js'
import type { ResultArrays } from './step-message.js'
import { Suspects, type Batch } from './suspects.js'

/** After so long without a step the cost curve is doubted. */
const DOUBT_MS = 10_000
/** Weight of a new measurement of the time between two steps of a row. */
const NEWEST_WEIGHT = 0.1

export interface StepTotals {
  /** Batches run. */
  readonly batches: number
  /** Rows in them. */
  readonly rows: number
  /** Positions in them, padding included. */
  readonly positions: number
  /** Time in session.run, over all workers. */
  readonly runMs: number
  /** Time from handing a batch to a worker that is idle, or the end of the step before, to its result, over all workers. */
  readonly workerMs: number
  /** Batches that failed. */
  readonly failures: number
}

export interface DispatcherOptions {
  readonly pool: Pick<SessionPool, 'run' | 'idleCount' | 'aheadCount' | 'size'>
  readonly costs: Pick<CostCurve, 'observe' | 'estimate' | 'efficientRows' | 'rowsToRun'>
  readonly maxBatch: number
  readonly logger: Logger
  /** Milliseconds, monotonic. */
  readonly now: () => number
  /** A batch with this row is what a worker does next. */
  readonly onBegin: (row: Row) => void
  /** A row took a step in such a batch. */
  readonly onStep: (row: Row, batch: RanBatch) => void
  /** A row's step failed, and will be run again. */
  readonly onRetry: (row: Row) => void
  /** The id of the request that a row belongs to; for the log. */
  readonly requestOf: (row: Row) => string | undefined
  /** A row's step failed for good, or its `onStep` threw. */
  readonly onFailed: (row: Row, cause: unknown) => void
}

export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #waiting = new Set<Row>()
  readonly #suspects = new Suspects()
  readonly #limits = new BatchLimits()
  readonly #running = new Set<Row>()
  readonly #totals = { batches: 0, rows: 0, positions: 0, runMs: 0, workerMs: 0, failures: 0 }
  /** Moving average of the time from the end of a row's step to the end of its next one. */
  #turnaroundMs = 0
  /** When a step was last measured. */
  #measuredAt = -Infinity

  constructor (options: DispatcherOptions) {
    this.#options = options
  }

  get waitingRows (): number {
    return this.#waiting.size + this.#suspects.size
  }

  /** In a batch that a worker has, be it at it or not yet. */
  get runningRows (): number {
    return this.#running.size
  }

  get totals (): StepTotals {
    return { ...this.#totals }
  }

  add (row: Row): void {
    this.#waiting.add(row)
  }

  /** The row leaves; a step that it is in goes on without it. */
  remove (row: Row): void {
    this.#waiting.delete(row)
    this.#suspects.delete(row)
    this.#running.delete(row)
  }

  /** What a request of so many such rows has to expect. */
  expectation (newcomer: Admissible, rows: number): Expectation {
    const { costs, pool, maxBatch } = this.#options
    const admitted = [...this.#waiting, ...this.#suspects, ...this.#running]
    return expectation(newcomer, rows, { admitted, count: admitted.length, workers: pool.size, maxBatch, costs })
  }

  /** Whether no step has been measured for so long that what is known of them may no longer be true. */
  get doubtful (): boolean {
    return this.#options.now() - this.#measuredAt > DOUBT_MS
  }

  /** Give every idle session a batch, and every one that will soon be idle, where there are rows enough. */
  tick (): void {
    const { pool } = this.#options
    while (pool.idleCount > 0) {
      const batch = this.#suspects.next() ?? this.#choose(pool.idleCount)
      if (batch.rows.length === 0) return
      this.#start(batch)
    }
    // Of what has failed one batch at a time is tried.
    while (pool.aheadCount > 0 && this.#waiting.size > 0 && this.#suspects.size === 0) {
      const batch = this.#choose(pool.size)
      const [first] = batch.rows
      if (first === undefined || !goesAhead(batch.rows.length, this.#efficientRows(first))) return
      this.#start(batch)
    }
  }

  #start (batch: Batch): void {
    this.#run(batch).catch((error: unknown) => { this.#options.logger.error({ err: error }, 'a step went wrong outside its worker') })
  }

  /** @param workers among whom the rows that wait are shared out */
  #choose (workers: number): Batch {
    const { maxBatch, costs } = this.#options
    const now = this.#options.now()
    const rows = nextBatch({ waiting: this.#waiting, now, idleWorkers: workers, maxBatch, costs })
    const [first] = rows
    return { rows: first === undefined ? [] : rows.slice(0, this.#limits.rowsFor(first, now)) }
  }

  /** Only what the worker does, and its result, may fail a step: what comes after is no reason to run it again. */
  async #run (batch: Batch): Promise<void> {
    const { pool, costs, now } = this.#options
    const { rows } = batch
    const { paddedLength = 0, lane = 'step' } = rows[0] ?? {}
    const sentAt = now()
    let begin = sentAt
    for (const row of rows) this.#take(row, sentAt)
    const expectedMs = costs.estimate(rows.length, paddedLength, lane) || Infinity // 0: unknown
    const onBegin = (): void => {
      begin = now()
      for (const row of rows) if (this.#running.has(row)) this.#options.onBegin(row)
    }
    let runMs: number
    let worker: number | undefined
    try {
      const shape = { rows: rows.length, paddedLength, lane }
      const check = (arrays: ResultArrays): string | undefined => impossibility(rows, arrays)
      const result = await pool.run(shape, (arrays) => { assembleBatch(rows, arrays) }, { expectedMs, onBegin, check })
      distributeResult(rows, result.arrays)
      ;({ runMs, worker } = result)
    } catch (error) {
      if (error instanceof StepNotBegun) this.#takeBack(rows)
      else this.#failed(rows, error)
      return
    }
    const end = now()
    const stayed = rows.filter((row) => this.#running.delete(row))
    for (const row of stayed) if (!row.done) this.#waiting.add(row)
    const ran = { begin, end, rows: rows.length, paddedLength, worker }
    for (const row of stayed) this.#tell(row, ran)
    // What was sent ahead may have ended before it was seen that the step before it had.
    this.#measure(batch, runMs, begin > sentAt ? Math.max(runMs, end - begin) : end - begin, end)
  }

  #take (row: Row, now: number): void {
    row.aim(this.#pressureOn(row, now))
    this.#waiting.delete(row)
    this.#running.add(row)
    row.steppedAt ??= now
  }

  /** Nothing has happened to these rows. */
  #takeBack (rows: readonly Row[]): void {
    for (const row of rows) if (this.#running.delete(row)) this.#waiting.add(row)
    this.tick()
  }

  #pressureOn (row: Row, now: number): Pressure {
    const { costs, pool } = this.#options
    const capacity = pool.size * this.#efficientRows(row)
    return {
      load: (this.waitingRows + this.#running.size) / capacity,
      slackMs: row.plan.paceAt - now,
      stepMs: Math.max(costs.estimate(1, row.paddedLength, row.lane), this.#turnaroundMs)
    }
  }

  #efficientRows ({ paddedLength, lane }: Row): number {
    const { costs, maxBatch, now } = this.#options
    const limit = this.#limits.rowsFor({ paddedLength, lane }, now())
    return costs.efficientRows(paddedLength, Math.min(maxBatch, limit), lane)
  }

  #tell (row: Row, batch: RanBatch): void {
    const { onStep, onFailed } = this.#options
    try {
      onStep(row, batch)
    } catch (error) {
      this.remove(row)
      onFailed(row, error)
    }
  }

  #failed (rows: readonly Row[], cause: unknown): void {
    const { logger, onFailed, onRetry, requestOf } = this.#options
    this.#totals.failures++
    const left = rows.filter((row) => this.#running.delete(row))
    const givenUp = this.#suspects.failed(left)
    for (const row of left) if (row !== givenUp) onRetry(row)
    const requests = [...new Set(rows.map(requestOf))]
    logger.warn({ err: cause, rows: rows.length, requests }, givenUp === undefined
      ? 'a step failed: its rows run again, apart'
      : 'a step failed again and again: its request is given up')
    if (givenUp !== undefined) onFailed(givenUp, cause)
  }

  #measure (batch: Batch, runMs: number, ms: number, end: number): void {
    const { costs } = this.#options
    const { rows } = batch
    const [first] = rows
    if (first === undefined) return
    const { paddedLength, lane } = first
    costs.observe({ rows: rows.length, paddedLength, lane, ms })
    this.#measuredAt = end
    this.#limits.passed(first, rows.length)
    const enough = this.#suspects.passed(batch)
    if (enough !== undefined) this.#limits.lower(first, enough, end)
    for (const row of rows) this.#measureTurnaround(row, end)
    const totals = this.#totals
    totals.batches++
    totals.rows += rows.length
    totals.positions += rows.length * paddedLength
    totals.runMs += runMs
    totals.workerMs += ms
  }

  #measureTurnaround (row: Row, now: number): void {
    const ms = now - (row.steppedAt ?? now)
    row.steppedAt = now
    this.#turnaroundMs += (this.#turnaroundMs === 0 ? 1 : NEWEST_WEIGHT) * (ms - this.#turnaroundMs)
  }
}
