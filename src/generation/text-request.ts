/** What a text generation is asked for: text in, every option optional. */
import type { Jumps } from '../diffusion/jump-times.js'
import type { SCHEDULE_NAMES } from '../diffusion/schedule.js'
import type { Solver } from '../diffusion/solver.js'
import type { Decided } from './choices.js'

export { MAX_PRIORITY, MAX_TEMPERATURE, MAX_TOP_K } from '../diffusion/limits.js'

/** Largest seed: seeds are exact in JSON and in a double. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER
export const MAX_OUTPUTS = 16
export const MAX_STOP_STRINGS = 4
export const MAX_STOP_LENGTH = 64
export const MAX_DEADLINE_MS = 3_600_000
/** What "stop when stable" means where no share is given. */
export const DEFAULT_STABLE_BELOW = 0.05
/** How many tokens a continuation gets where nothing is said and the canvas has room. */
export const DEFAULT_MAX_TOKENS = 128
/** How many tokens a text made in blocks may have, unless the service is set otherwise. */
export const DEFAULT_TEXT_LIMIT = 8192
/** Tokens of a block where nothing is said and the text does not fit the canvas, which has at least two of them. */
export const DEFAULT_BLOCK_LENGTH = 64

/** Fields left out (or undefined) take the model's defaults. */
export interface TextRequest {
  /** Text before what is generated, a space at its end left to what is generated; empty or absent: free generation. */
  readonly prompt?: string | undefined
  /** The same as tokens; excludes `prompt`. */
  readonly promptTokens?: readonly number[] | undefined
  /** Text after what is generated: one gap of `maxTokens` is filled in between the two. */
  readonly suffix?: string | undefined
  /** Text with `[[n]]` gaps of n tokens to fill in; excludes `prompt`, `suffix` and `maxTokens`. */
  readonly template?: string | undefined
  /** What its gaps of choices took, in order; see choices.ts. */
  readonly decided?: Decided | undefined
  readonly maxTokens?: number | undefined
  /**
   * The text is made a block of so many tokens after another, each with all `steps`; absent: at once, if it fits the canvas. Not
   * with `template` or `suffix`.
   */
  readonly blockLength?: number | undefined
  /** How many where `maxTokens` says nothing and the canvas has room. */
  readonly usualTokens?: number | undefined
  /** Whether what is spelt like a special token in prompt or template, such as <|endoftext|>, is that token; else it is text. */
  readonly allowSpecial?: boolean | undefined
  /** Exactly so many refinements, or an elastic budget: as many of them as load and deadline allow. */
  readonly steps?: number | { readonly min: number, readonly max: number } | undefined
  /** A named time grid, the model's own for so many steps, or the step sizes themselves, which then say how many there are. */
  readonly schedule?: (typeof SCHEDULE_NAMES)[number] | readonly number[] | undefined
  /** Only where the model is of discrete flow matching. */
  readonly solver?: Solver | undefined
  /** spread: only with the cumulative solver. */
  readonly jumps?: Jumps | undefined
  /** Only of masked diffusion: what is drawn with a probability above this is revealed at once; `steps` is then the most. */
  readonly revealAbove?: number | undefined
  /** 0 is greedy. */
  readonly temperature?: number | undefined
  /** 0: off. */
  readonly topK?: number | undefined
  /** 1: off. */
  readonly topP?: number | undefined
  /** Output i is drawn with seed + i; random where absent. */
  readonly seed?: number | undefined
  /** Share of the positions to be made; an output whose expected changes fall below it takes its last step at once. */
  readonly stopWhenStable?: number | undefined
  /** Number of outputs. */
  readonly n?: number | undefined
  /** The generation that is not done so many ms after it was asked for fails with `deadline_exceeded`. */
  readonly deadlineMs?: number | undefined
  /** Lower is served earlier, -MAX_PRIORITY to MAX_PRIORITY; absent: 0. */
  readonly priority?: number | undefined
  /** The continuation, or what fills each gap of a template, is cut before the first of these. */
  readonly stop?: readonly string[] | undefined
  /** Tokens before which what is made is cut, like end-of-text. */
  readonly endTokens?: readonly number[] | undefined
  /** Whether end-of-text and its like end nothing: they are left out of the text. */
  readonly ignoreEnd?: boolean | undefined
}
