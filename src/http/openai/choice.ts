/** What choices of all routes have in common. */
import type { TextOutput, TextResult } from '../../generation/index.js'
import { fingerprintOf } from '../../model/fingerprint.js'
import type { Model } from '../../model/model.js'
import { round } from '../generation/round.js'
import type { Usage } from './schemas/shared.js'

/** What every answer, and every chunk of a stream, begins with. */
export interface Head {
  readonly id: string
  readonly object: string
  readonly created: number
  readonly model: string
  readonly system_fingerprint: string
}

export function headOf ({ manifest }: Model, id: string, object: string): Head {
  return { id, object, created: Math.floor(Date.now() / 1000), model: manifest.name, system_fingerprint: fingerprintOf(manifest) }
}

/**
 * Of each text the n outputs whose tokens are, on average of the logarithm, the most confident; where no more were drawn, all in their
 * order.
 */
export function mostConfident (outputs: readonly TextOutput[], n: number): readonly TextOutput[] {
  if (outputs.length <= n) return outputs
  return outputs
    .map((output) => ({ output, score: output.confidence.reduce((sum, p) => sum + logprob(p), 0) / Math.max(1, output.confidence.length) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, n)
    .map(({ output }) => output)
}

/** @returns the natural logarithm; of 0 what clients take for minus infinity, which JSON does not have */
export function logprob (probability: number): number {
  return probability > 0 ? round(Math.log(probability), 6) : -9999
}

/** What a choice has beyond OpenAI's. */
export function extrasOf ({ seed, steps, stepsReason, blocks, timeline }: TextOutput, withTimeline: boolean): object {
  return {
    seed,
    steps,
    steps_reason: stepsReason,
    ...(blocks === undefined ? {} : { blocks }),
    ...(withTimeline ? { timeline: [...timeline] } : {})
  }
}

export function usageOf (promptTokens: number, completionTokens: number): Usage {
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens }
}

export function completionTokensOf (results: readonly TextResult[]): number {
  return results.reduce((sum, { usage }) => sum + usage.completionTokens, 0)
}
