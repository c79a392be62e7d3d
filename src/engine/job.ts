/** One request inside the engine: its rows, its clock and the promise it will keep. */
import type { GenerateOptions, GenerationRequest, GenerationResult } from './request.js'
import type { Row } from './row.js'

export class Job {
  readonly promise: Promise<GenerationResult>
  readonly reject: (error: Error) => void
  rows: Row[] = []
  startedAt: number | undefined
  computeMs = 0
  readonly #resolve: (result: GenerationResult) => void
  readonly #submittedAt: number
  readonly #onStep: GenerateOptions['onStep']

  constructor (readonly request: GenerationRequest, options: GenerateOptions, submittedAt: number) {
    let resolve: (result: GenerationResult) => void = () => {}
    let reject: (error: Error) => void = () => {}
    this.promise = new Promise((...settle) => { [resolve, reject] = settle })
    this.#resolve = resolve
    this.reject = reject
    this.#submittedAt = submittedAt
    this.#onStep = options.onStep
  }

  /** Tell whoever listens about the step that a row just took. */
  report (row: Row): void {
    this.#onStep?.({ row: this.rows.indexOf(row), step: row.step, steps: row.steps, t: row.t, tokens: row.tokens })
  }

  resolve (now: number): void {
    this.#resolve({
      rows: this.rows.map((row) => row.result()),
      timings: {
        queueMs: (this.startedAt ?? now) - this.#submittedAt,
        computeMs: this.computeMs,
        totalMs: now - this.#submittedAt
      },
      networkCalls: this.rows.reduce((sum, row) => sum + row.step, 0)
    })
  }
}
