/** What the engine is asked for and what it answers: checked values, no JSON and no HTTP. */
import type { Jumps } from '../diffusion/jump-times.js'
import type { Solver } from '../diffusion/solver.js'
import type { StepBudget, StepsReason } from './step-budget.js'

export interface Sampling {
  readonly solver: Solver
  /** spread: only where the solver is cumulative. */
  readonly jumps: Jumps
  /** Divides the logits; 0 is greedy. */
  readonly temperature: number
  /** 0: off. */
  readonly topK: number
  /** 1: off. */
  readonly topP: number
  /**
   * Masked diffusion: what is drawn with a probability above this is revealed, beyond what the plan says (Fast-dLLM, arXiv
   * 2505.22618); absent: by plan alone.
   */
  readonly revealAbove?: number | undefined
}

/** A canvas before its source noise is drawn: given tokens where `editable` is 0; what stands elsewhere is ignored. */
export interface CanvasTemplate {
  readonly tokens: Int32Array
  readonly editable: Uint8Array
}

/** One row of a batch: one canvas, refined under one seed. */
export interface RowRequest {
  /** 0 ... 2^53 - 1 */
  readonly seed: number
  readonly template: CanvasTemplate
}

export interface GenerationRequest {
  readonly id: string
  /**
   * Whether rows are not to be refined but scored: a template's tokens are then a text, `editable` has the role of each of its
   * positions (see diffusion/likelihood.ts), and the budget, which is exact, has a step for each canvas: an even number, four or
   * more. Sampling is of no meaning but should be neutral: a temperature divides the logits here, too.
   */
  readonly scores?: boolean | undefined
  readonly rows: readonly RowRequest[]
  readonly budget: StepBudget
  readonly sampling: Sampling
  /** A row takes its last step once so small a share of its editable positions is expected to change; see stability.ts. */
  readonly stableBelow?: number | undefined
  /** Counted from submission: the generation that is not done by then fails with `deadline_exceeded`. */
  readonly deadlineMs?: number | undefined
  /** Lower is served earlier; absent: 0. */
  readonly priority?: number | undefined
  /** Of each row: the canvases that it has after that of its template, made known when it is their turn; absent: none. */
  readonly later?: readonly LaterCanvas[] | undefined
}

/** A canvas of which only the size is known yet. */
export interface LaterCanvas {
  readonly length: number
  /** Positions to be made. */
  readonly made: number
}

/** One refinement of one row's canvas. */
export interface StepUpdate {
  /** Index into `GenerationRequest.rows`. */
  readonly row: number
  /** 1 ... steps */
  readonly step: number
  /** In all, as planned now: of an elastic budget it may change from step to step. */
  readonly steps: number
  /** Time after the step; 1 after the last. */
  readonly t: number
  /** The whole canvas after the step; the receiver may keep it. */
  readonly tokens: Int32Array
  /** Posterior probability, in this step, of the token at each position; the receiver may keep it. */
  readonly confidence: Float32Array
}

export interface RowResult {
  readonly tokens: Int32Array
  /** Posterior probability, at its last step, of the token at each position. */
  readonly confidence: Float32Array
  /** The step (1-based) at which each position last changed; 0 for a frozen one or one that kept its source token. */
  readonly timeline: Int32Array
  /** Steps taken. */
  readonly steps: number
  readonly stepsReason: StepsReason
  /** Of a scored row: what each canvas says of its negative log-likelihood, nats; see `estimate`. */
  readonly bounds?: Float64Array
}

export interface GenerationResult {
  readonly rows: readonly RowResult[]
  readonly timings: {
    /** From submission to the start of the first step. */
    readonly queueMs: number
    /** From submission to the end of the first step. */
    readonly firstStepMs: number
    /** Time that its rows spent in workers; steps side by side count once. */
    readonly computeMs: number
    readonly totalMs: number
  }
  /** Network calls summed over rows. */
  readonly networkCalls: number
  /** Positions that they took, padding included. */
  readonly positions: number
}

/** A batch of rows, run. */
export interface RanBatch {
  /** From handing it to the worker to its result, in ms of the engine's clock. */
  readonly begin: number
  readonly end: number
  readonly rows: number
  readonly paddedLength: number
  /** Its process id. */
  readonly worker: number | undefined
}

/** A step that a canvas took. */
export interface RanStep extends RanBatch {
  /** Index into `GenerationRequest.rows`. */
  readonly row: number
  /** Of its text, from 0. */
  readonly block: number
  /** 1 ... steps */
  readonly step: number
  readonly steps: number
}

/** Whoever watches over what becomes of a ticket; none of it may throw. Times are in ms of the engine's clock. */
export interface TicketObserver {
  /** Its first canvas is on its way to a worker. */
  readonly begun: (submittedAt: number, at: number) => void
  readonly stepped: (step: RanStep) => void
  /** A step failed, and is run again. */
  readonly retried: (row: number, at: number) => void
}

export interface TicketOptions {
  /** Abort: the rows leave before the next step and what is awaited rejects with `cancelled`. */
  readonly signal?: AbortSignal | undefined
  readonly observer?: TicketObserver | undefined
}

export type StepListener = (update: StepUpdate) => void

export interface GenerateOptions extends TicketOptions {
  readonly onStep?: StepListener
}
