/** One canvas on its way from t = 0 to t = 1. */
import { initialCanvas, lengthBucket, type Source } from '../diffusion/canvas.js'
import { NO_TIME_TO_COME } from '../diffusion/jump-times.js'
import { timeGrid } from '../diffusion/schedule.js'
import { jumpExponent } from '../diffusion/solver.js'
import type { Work } from './admission.js'
import type { Candidate } from './candidate.js'
import type { Lane } from './lane.js'
import { laneOf } from './planned-work.js'
import type { RowRequest, RowResult, Sampling } from './request.js'
import { expectedChanges } from './stability.js'
import { plannedSteps, type Pressure, type StepBudget, type StepsReason } from './step-budget.js'

/** What the rows of one request share that are at the same block of their texts. */
export interface RowPlan {
  readonly sampling: Sampling
  readonly budget: StepBudget
  readonly stableBelow: number | undefined
  /** From 0. */
  readonly block: number
  /** When they are due, in ms of the engine's clock. */
  readonly dueAt: number
  /** Infinity without a deadline. */
  readonly deadlineAt: number
  /** When they should be done, so that those of later blocks have time until the deadline. */
  readonly paceAt: number
  /** On canvases of later blocks. */
  readonly later: readonly Work[]
}

/** What they share with all rows of a model. */
export interface RowSource extends Source {
  /** n of the scheduler kappa(t) = t^n */
  readonly exponent: number
  /** Masked diffusion: a token that is no longer masked stays. */
  readonly revealsForGood: boolean
  readonly maxLength: number
}

export class Row implements Candidate {
  readonly sequence: number
  readonly paddedLength: number
  readonly lane: Lane
  readonly seed: number
  readonly plan: RowPlan
  readonly editable: Uint8Array
  readonly tokens: Int32Array
  readonly confidence: Float32Array
  readonly timeline: Int32Array
  /** Time reached, 1 at the end. */
  t = 0
  /** Size of the next step, decided by `aim`. */
  h = 0
  /** Steps taken. */
  step = 0
  /** Steps in all, as planned now; those taken once it is done. */
  steps: number
  /** Failed attempts at the current step. */
  failures = 0
  /** When the last step ended, in ms of the engine's clock. */
  steppedAt: number | undefined
  readonly source: RowSource
  /** Of an exact budget: S + 1 times. */
  readonly #grid: Float64Array | undefined
  #reason: StepsReason = 'full'
  #settled = false
  /** Where steps reveal masks for good, one at least each: with none left there is nothing to do. Elsewhere Infinity. */
  #masksLeft: number
  /** The fewest that canvases of later blocks take. */
  readonly #stepsLater: number

  constructor (sequence: number, request: RowRequest, plan: RowPlan, source: RowSource) {
    const { budget } = plan
    this.sequence = sequence
    this.seed = request.seed
    this.lane = laneOf(plan.sampling)
    this.plan = plan
    this.source = source
    this.editable = request.template.editable
    this.tokens = initialCanvas(request.template, source, request.seed, plan.block)
    this.confidence = new Float32Array(this.tokens.length)
    this.timeline = new Int32Array(this.tokens.length)
    this.paddedLength = lengthBucket(this.tokens.length, source.maxLength)
    this.#masksLeft = this.#countMasks()
    this.#grid = budget.kind === 'exact' ? timeGrid(budget.stepSizes) : undefined
    this.steps = budget.kind === 'exact' ? budget.stepSizes.length : budget.max
    this.#stepsLater = plan.later.reduce((sum, { stepsLeft }) => sum + stepsLeft, 0)
  }

  get dueAt (): number {
    return this.plan.dueAt
  }

  get deadlineAt (): number {
    return this.plan.deadlineAt
  }

  /** Later canvases included. */
  get stepsLeft (): number {
    return this.#fewest + this.#stepsLater
  }

  get later (): readonly Work[] {
    return this.plan.later
  }

  /** Steps that this canvas will yet take under such a load, see `Pressure`. */
  stepsUnder (load: number): number {
    const { budget } = this.plan
    if (this.#settled || budget.kind === 'exact') return this.#fewest
    return plannedSteps(budget, this.step, { load, slackMs: Infinity, stepMs: 0 }).steps - this.step
  }

  get done (): boolean {
    return this.t === 1
  }

  /** Whether the step that it is aimed at ends at t = 1. */
  get takesLastStep (): boolean {
    return this.step === this.steps - 1
  }

  /** kappa(t) where jump times are spread, 1 where they are not. */
  get spreadFrom (): number {
    return this.plan.sampling.jumps === 'spread' ? this.t ** this.source.exponent : NO_TIME_TO_COME
  }

  /** Decide the size of the next step: an elastic row by what presses on it, an exact one by its schedule. */
  aim (pressure: Pressure): void {
    const { budget } = this.plan
    if (this.#settled) {
      this.steps = this.step + 1
      this.#reason = 'stable'
    } else if (budget.kind === 'elastic') {
      const { steps, reason } = plannedSteps(budget, this.step, pressure)
      this.steps = steps
      this.#reason = reason
    }
    const left = 1 - this.t
    // The last step ends at 1 exactly, whatever rounding did to the sum of the others.
    if (this.step === this.steps - 1) this.h = left
    else this.h = budget.kind === 'exact' ? budget.stepSizes[this.step] ?? left : left / (this.steps - this.step)
  }

  /** Take the canvas that the step made: [L] tokens and confidences, which begin at `offset` of a batch's arrays. */
  advance (tokens: Int32Array, confidence: Float32Array, offset: number): void {
    this.step++
    this.failures = 0
    for (let i = 0; i < this.tokens.length; i++) {
      const token = tokens[offset + i] ?? 0
      if (token !== this.tokens[i]) this.timeline[i] = this.step
      this.tokens[i] = token
      this.confidence[i] = confidence[offset + i] ?? 0
    }
    this.#masksLeft = this.#countMasks()
    if (this.#masksLeft === 0 && this.step < this.steps) {
      this.steps = this.step
      this.#reason = 'stable'
    }
    this.t = this.step === this.steps ? 1 : this.#grid?.[this.step] ?? this.t + this.h
    const { stableBelow = 0 } = this.plan
    this.#settled = this.step < this.steps - 1 && this.#expectedChanges() < stableBelow
  }

  result (): RowResult {
    const { tokens, confidence, timeline, step } = this
    return { tokens, confidence, timeline, steps: step, stepsReason: this.#reason }
  }

  /** Steps in which this canvas can still be finished. */
  get #fewest (): number {
    const { budget } = this.plan
    if (this.#settled) return 1
    const planned = budget.kind === 'exact' ? this.steps - this.step : budget.min - this.step
    return Math.max(1, Math.min(planned, this.#masksLeft))
  }

  #countMasks (): number {
    const { maskTokenId, revealsForGood } = this.source
    if (!revealsForGood) return Infinity
    return this.tokens.reduce((masks, token, i) => masks + Number(this.editable[i] !== 0 && token === maskTokenId), 0)
  }

  /** Share of the editable positions that are expected to change before the last step. */
  #expectedChanges (): number {
    const lastBegins = this.#grid?.[this.steps - 1] ?? 1 - (1 - this.t) / (this.steps - this.step)
    const { tokens, editable, confidence } = this
    const { maskTokenId, exponent, revealsForGood } = this.source
    const a = revealsForGood ? 0 : jumpExponent(this.t, lastBegins, exponent)
    return expectedChanges({ tokens, editable, confidence, maskTokenId }, a)
  }
}
