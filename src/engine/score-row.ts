/** One text whose probability is asked for: a step for each canvas that hides parts of it. See diffusion/likelihood.ts. */
import { Likelihood } from '../diffusion/likelihood.js'
import { SMALLEST_NAMED_STEP } from '../diffusion/schedule.js'
import type { Lane } from './lane.js'
import type { RowRequest, RowResult } from './request.js'
import { Row, type RowPlan, type RowSource } from './row.js'
import type { ResultArrays } from './step-message.js'

/** To the engine a row like any other, of as many steps as there are canvases, on none of which anything may change. */
export class ScoreRow extends Row {
  override readonly lane: Lane = 'score'
  /** The text, [L]. */
  readonly targets: Int32Array
  readonly #likelihood: Likelihood
  /** Of each canvas, nats. */
  readonly #bounds: Float64Array

  /** @param request whose template holds the text, and in `editable` the role of each position */
  constructor (sequence: number, request: RowRequest, plan: RowPlan, source: RowSource) {
    const { seed, template: { tokens, editable: roles } } = request
    super(sequence, { seed, template: { tokens, editable: new Uint8Array(tokens.length) } }, plan, source)
    this.targets = tokens
    this.#likelihood = new Likelihood({ tokens, roles }, source, seed, this.steps)
    this.#bounds = new Float64Array(this.steps)
  }

  override get stepsLeft (): number {
    return this.steps - this.step
  }

  override stepsUnder (): number {
    return this.stepsLeft
  }

  override get done (): boolean {
    return this.step === this.steps
  }

  /** Draw the next canvas. The network is told its smallest step. */
  override aim (): void {
    this.t = this.#likelihood.draw(this.step, this.tokens)
    this.h = SMALLEST_NAMED_STEP
  }

  /** Take what the step says of the canvas. */
  score ({ confidence, logprob }: ResultArrays, offset: number): void {
    this.#bounds[this.step] = this.#likelihood.bound(this.step, this.tokens, { confidence, logprob, offset })
    this.step++
    this.failures = 0
  }

  override result (): RowResult {
    return { ...super.result(), bounds: this.#bounds }
  }
}
