/** Between JSON (snake_case) and the generation room's own values. */
import type { ScoreRequest, ScoreResult } from '../../generation/index.js'
import { round } from '../generation/round.js'
import type { Score, ScoreRequestBody } from './schemas.js'

export function toScoreRequest ({ allow_special: allowSpecial, deadline_ms: deadlineMs, ...body }: ScoreRequestBody): ScoreRequest {
  const { prompt, continuations, suffix, template, samples, seed } = body
  return { prompt, continuations, suffix, template, samples, seed, allowSpecial, deadlineMs }
}

export function toScore (result: ScoreResult, { id, model }: Pick<Score, 'id' | 'model'>): Score {
  const { scores, seed, samples, promptTokens, scoredTokens, networkCalls, timings } = result
  return {
    id,
    object: 'score',
    model,
    scores: scores.map(({ text, tokens, logprob, standardError, bitsPerByte, share }, index) => ({
      index,
      text,
      tokens,
      logprob: round(logprob, 4),
      standard_error: round(standardError, 4),
      bits_per_byte: round(bitsPerByte, 4),
      probability: round(share, 6)
    })),
    seed,
    samples,
    usage: { prompt_tokens: promptTokens, scored_tokens: scoredTokens, network_calls: networkCalls },
    timings: { queue_ms: round(timings.queueMs, 3), compute_ms: round(timings.computeMs, 3), total_ms: round(timings.totalMs, 3) }
  }
}
