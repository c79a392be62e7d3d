/** What a scoring is asked for, and what it answers: how probable given texts are. */
import type { GenerationResult } from '../engine/request.js'

export const MAX_CONTINUATIONS = 64
/** Canvases for each text: fewer than the least have no error that could be told. */
export const MIN_SAMPLES = 4
export const MAX_SAMPLES = 1024
export const DEFAULT_SAMPLES = 32

/** Fields left out (or undefined) are empty, or as their constants say. Either `continuations` or a template. */
export interface ScoreRequest {
  /** Text before the continuations, a space at its end left to them. */
  readonly prompt?: string | undefined
  /** Texts to be scored, each by itself. */
  readonly continuations?: readonly string[] | undefined
  /** Text after them. */
  readonly suffix?: string | undefined
  /** Text with one gap of choices, as in "The ball is [[red|blue]]." Excludes the others. */
  readonly template?: string | undefined
  readonly allowSpecial?: boolean | undefined
  /** Canvases for each text; even. */
  readonly samples?: number | undefined
  /** Decides the canvases, the same ones for all texts; random where absent. */
  readonly seed?: number | undefined
  readonly deadlineMs?: number | undefined
}

/** One text. */
export interface TextScore {
  readonly text: string
  readonly tokens: number
  /** A bound from below on ln of its probability, given all else: nats. */
  readonly logprob: number
  /** Of `logprob`, since it is estimated. */
  readonly standardError: number
  /** -logprob in bits, over the text's bytes in UTF-8. */
  readonly bitsPerByte: number
  /** Its share of the probability of all texts of the request. */
  readonly share: number
}

export interface ScoreResult {
  readonly scores: readonly TextScore[]
  readonly seed: number
  readonly samples: number
  /** Tokens given, and of texts to be scored; the latter summed. */
  readonly promptTokens: number
  readonly scoredTokens: number
  readonly networkCalls: number
  readonly timings: GenerationResult['timings']
}
