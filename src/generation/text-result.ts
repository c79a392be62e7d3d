/** What a text generation answers: refinements on the way, outputs at the end. */
import type { GenerationResult } from '../engine/request.js'
import type { StepsReason } from '../engine/step-budget.js'
import type { TextScore } from './score-request.js'
import type { Settled } from './settled.js'

export const FINISH_REASONS = ['stop', 'length'] as const
export type FinishReason = (typeof FINISH_REASONS)[number]

/** A position whose token or text piece is not what it was in the event before. */
export interface TextChange {
  /** Counted within what `text` covers: the continuation of a prompt, the whole canvas of a template. */
  readonly position: number
  readonly token: number
  /** The text that now stands for the position; '' where it is cut off or completed by a later token. */
  readonly text: string
}

/** A change, and what kind of position it is at. */
export interface PlacedChange extends TextChange {
  /** The token is the mask, not yet chosen. */
  readonly masked: boolean
  /** The position is the template's own, and stays. */
  readonly given: boolean
}

/** One refinement of one output. The pieces assembled from all changes so far, joined, are `text`. */
export interface TextStep {
  /** Which output, from 0. */
  readonly index: number
  /** 1 ... steps, counted over all blocks. */
  readonly step: number
  /** In all, as planned now: of an elastic budget it may change, and blocks that are planned may not be needed. */
  readonly steps: number
  /** Time after the step; 1 after the last. Of a text in blocks each block has its share of it. */
  readonly t: number
  /** The block that it refined, from 0, and how many are planned. */
  readonly block: number
  readonly blocks: number
  readonly changes: readonly PlacedChange[]
  readonly text: string
  /** For each position that the text covers, the posterior probability of its token in this step. */
  readonly confidence: () => Float32Array
  /** What of it stays, whatever comes. */
  readonly settled: Settled
}

/** What filled one gap of a template. */
export interface GapFill {
  readonly text: string
  readonly tokens: readonly number[]
  /** Of a gap of choices: how probable each was. */
  readonly choices: readonly TextScore[] | undefined
}

export interface TextOutput {
  readonly index: number
  /** The continuation without the prompt, cut at end-of-text or a stop string; for a template the whole text, each gap's filling cut so. */
  readonly text: string
  readonly tokens: readonly number[]
  /** The text of each of `tokens`; joined they are `text`. */
  readonly pieces: readonly string[]
  readonly finishReason: FinishReason
  readonly seed: number
  /** Refinements taken, and why not more of them. */
  readonly steps: number
  readonly stepsReason: StepsReason
  /** How many were made; undefined of a text that was to be made at once. */
  readonly blocks: number | undefined
  /** For each of `tokens`, the step (1-based) at which it last changed; 0 for one that never did. */
  readonly timeline: readonly number[]
  /** For each of `tokens`, the posterior probability it had at the last step of its canvas. */
  readonly confidence: readonly number[]
  /** Only for a template. */
  readonly gaps: readonly GapFill[] | undefined
}

export interface TextResult {
  readonly outputs: readonly TextOutput[]
  readonly usage: {
    /** Tokens given, once for all outputs. */
    readonly promptTokens: number
    /** Tokens made and kept, summed over outputs. */
    readonly completionTokens: number
    /** Summed over outputs. */
    readonly networkCalls: number
    /** Of all of those, padding included. */
    readonly positions: number
    /** To decide gaps of choices, once for all outputs. */
    readonly scoringCalls: number
  }
  readonly timings: GenerationResult['timings']
}
