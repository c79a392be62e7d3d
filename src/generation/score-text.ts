/** Run a prepared scoring on an engine. */
import { estimate } from '../diffusion/likelihood.js'
import type { Engine } from '../engine/engine.js'
import type { RunOptions } from './generate.js'
import type { PreparedScore } from './prepare-score.js'
import type { ScoreResult, TextScore } from './score-request.js'

/** @throws FewstepError as `generateText` */
export async function scoreText (engine: Engine, prepared: PreparedScore, options: RunOptions = {}): Promise<ScoreResult> {
  const { texts, promptTokens, seed, samples, engineRequest } = prepared
  const { rows, networkCalls, timings } = await engine.generate(engineRequest, options)
  const scores = texts.map(({ text, tokens }, i) => scoreOf(text, tokens, rows[i]?.bounds ?? new Float64Array(samples)))
  const shares = sharesOf(scores.map(({ logprob }) => logprob))
  return {
    scores: scores.map((score, i) => ({ ...score, share: shares[i] ?? 0 })),
    seed,
    samples,
    promptTokens,
    scoredTokens: texts.reduce((sum, { tokens }) => sum + tokens, 0),
    networkCalls,
    timings
  }
}

function scoreOf (text: string, tokens: number, bounds: Float64Array): Omit<TextScore, 'share'> {
  const { mean, standardError } = estimate(bounds)
  return { text, tokens, logprob: -mean, standardError, bitsPerByte: mean / Math.LN2 / Buffer.byteLength(text) }
}

/** Of texts whose logarithms of probabilities these are: what each has of all of them. */
export function sharesOf (logprobs: readonly number[]): number[] {
  const highest = Math.max(...logprobs)
  const weights = logprobs.map((logprob) => Math.exp(logprob - highest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
