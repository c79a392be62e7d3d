/** One request inside the engine: its rows, its clock and the promise it will keep. */
import type { Expectation } from './admission.js'
import type { GenerateOptions, GenerationResult } from './request.js'
import type { Row } from './row.js'

export class Job {
  readonly rows: readonly Row[]
  /** When it was submitted. */
  readonly expected: Expectation
  /** In ms of the engine's clock. */
  readonly submittedAt: number
  readonly promise: Promise<GenerationResult>
  readonly reject: (error: Error) => void
  readonly #resolve: (result: GenerationResult) => void
  readonly #onStep: GenerateOptions['onStep']
  #startedAt: number | undefined
  #computeMs = 0
  /** Until when steps are counted in `computeMs`: those side by side count once. */
  #countedUntil = -Infinity

  /** @param now in ms of the engine's clock */
  constructor (rows: readonly Row[], expected: Expectation, options: GenerateOptions, now: number) {
    let resolve: (result: GenerationResult) => void = () => {}
    let reject: (error: Error) => void = () => {}
    this.promise = new Promise((...settle) => { [resolve, reject] = settle })
    this.rows = rows
    this.expected = expected
    this.#resolve = resolve
    this.reject = reject
    this.submittedAt = now
    this.#onStep = options.onStep
  }

  /** In all, as planned now. */
  get steps (): number {
    return this.rows[0]?.steps ?? 0
  }

  /** The fewest that one of its rows has taken. */
  get stepsTaken (): number {
    return Math.min(...this.rows.map(({ step }) => step))
  }

  /** One of its rows is on its way to a worker. */
  begin (now: number): void {
    this.#startedAt ??= now
  }

  /** A row took a step, in a batch that ran from `begin` to `end`; whoever listens is told. */
  stepped (row: Row, begin: number, end: number): void {
    const { step, steps, t } = row
    this.#computeMs += Math.max(0, end - Math.max(begin, this.#countedUntil))
    this.#countedUntil = end
    this.#onStep?.({ row: this.rows.indexOf(row), step, steps, t, tokens: row.tokens.slice(), confidence: row.confidence.slice() })
  }

  /** @param now in ms of the engine's clock */
  resolve (now: number): void {
    this.#resolve({
      rows: this.rows.map((row) => row.result()),
      timings: {
        queueMs: (this.#startedAt ?? now) - this.submittedAt,
        computeMs: this.#computeMs,
        totalMs: now - this.submittedAt
      },
      networkCalls: this.rows.reduce((sum, { step }) => sum + step, 0)
    })
  }
}
