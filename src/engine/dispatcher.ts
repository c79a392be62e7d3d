/** Rows between their steps: gives every idle session a batch, runs a failed step again, and measures what steps cost. */
import type { Logger } from 'pino'
import { assembleBatch, distributeResult } from './assemble.js'
import { nextBatch } from './batcher.js'
import type { CostCurve } from './cost-curve.js'
import type { Row } from './row.js'
import type { SessionPool } from './session-pool.js'
import type { Pressure } from './step-budget.js'

/** A step that failed so often, on whichever workers, fails its request. */
export const MAX_FAILURES = 3
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
  /** Time from handing a batch to a worker to its result, over all workers. */
  readonly workerMs: number
  /** Batches that failed and were run again. */
  readonly failures: number
}

export interface DispatcherOptions {
  readonly pool: Pick<SessionPool, 'run' | 'idleCount' | 'size'>
  readonly costs: CostCurve
  readonly maxBatch: number
  readonly logger: Logger
  /** Milliseconds, monotonic. */
  readonly now: () => number
  /** A batch with this row is on its way to a worker. */
  readonly onBegin: (row: Row) => void
  /** A row took a step, in a batch that ran from `begin` to `end`, in ms of the clock. */
  readonly onStep: (row: Row, begin: number, end: number) => void
  /** A row's step failed for good. */
  readonly onFailed: (row: Row, cause: unknown) => void
}

export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #waiting = new Set<Row>()
  readonly #running = new Set<Row>()
  readonly #totals = { batches: 0, rows: 0, positions: 0, runMs: 0, workerMs: 0, failures: 0 }
  /** Moving average of the time from the end of a row's step to the end of its next one. */
  #turnaroundMs = 0

  constructor (options: DispatcherOptions) {
    this.#options = options
  }

  get waitingRows (): number {
    return this.#waiting.size
  }

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
    this.#running.delete(row)
  }

  /** Expected time until all that is here is done, in ms: at full throughput on all workers. */
  backlogMs (): number {
    const { costs, maxBatch, pool } = this.#options
    let ms = 0
    for (const rows of [this.#waiting, this.#running]) {
      for (const row of rows) {
        const company = costs.efficientRows(row.paddedLength, maxBatch, row.filters)
        ms += row.stepsLeft * costs.estimate(company, row.paddedLength, row.filters) / company
      }
    }
    return ms / pool.size
  }

  /** Give every idle session a batch. */
  tick (): void {
    const { pool, maxBatch, costs, now, logger } = this.#options
    while (this.#waiting.size > 0 && pool.idleCount > 0) {
      const batch = nextBatch({ waiting: this.#waiting, now: now(), idleWorkers: pool.idleCount, maxBatch, costs })
      this.#run(batch).catch((error: unknown) => { logger.error({ err: error }, 'a step was lost') })
    }
  }

  async #run (rows: Row[]): Promise<void> {
    const { pool, costs, now, logger, onStep } = this.#options
    const { paddedLength = 0, filters = false } = rows[0] ?? {}
    const shape = { rows: rows.length, paddedLength }
    const begin = now()
    for (const row of rows) this.#begin(row, begin)
    try {
      const { arrays, runMs } = await pool.run(shape, (batch) => { assembleBatch(rows, batch) })
      distributeResult(rows, arrays)
      const end = now()
      costs.observe({ ...shape, filters, ms: end - begin })
      this.#count(shape, runMs, end - begin)
      for (const row of rows) {
        this.#measureTurnaround(row, end)
        if (!this.#running.delete(row)) continue // it left meanwhile
        if (!row.done) this.#waiting.add(row)
        onStep(row, begin, end)
      }
    } catch (error) {
      this.#totals.failures++
      logger.warn({ err: error, rows: rows.length }, 'a step failed: running it again')
      for (const row of rows) this.#retry(row, error)
    }
  }

  #begin (row: Row, now: number): void {
    row.aim(this.#pressureOn(row, now))
    this.#waiting.delete(row)
    this.#running.add(row)
    row.steppedAt ??= now
    this.#options.onBegin(row)
  }

  #pressureOn (row: Row, now: number): Pressure {
    const { costs, maxBatch, pool } = this.#options
    const capacity = pool.size * costs.efficientRows(row.paddedLength, maxBatch, row.filters)
    return {
      load: (this.#waiting.size + this.#running.size) / capacity,
      slackMs: row.deadlineAt - now,
      stepMs: Math.max(costs.estimate(1, row.paddedLength, row.filters), this.#turnaroundMs)
    }
  }

  #measureTurnaround (row: Row, now: number): void {
    const ms = now - (row.steppedAt ?? now)
    row.steppedAt = now
    this.#turnaroundMs += (this.#turnaroundMs === 0 ? 1 : NEWEST_WEIGHT) * (ms - this.#turnaroundMs)
  }

  #count ({ rows, paddedLength }: { rows: number, paddedLength: number }, runMs: number, workerMs: number): void {
    const totals = this.#totals
    totals.batches++
    totals.rows += rows
    totals.positions += rows * paddedLength
    totals.runMs += runMs
    totals.workerMs += workerMs
  }

  #retry (row: Row, cause: unknown): void {
    if (!this.#running.delete(row)) return
    if (++row.failures < MAX_FAILURES) this.#waiting.add(row)
    else this.#options.onFailed(row, cause)
  }
}
