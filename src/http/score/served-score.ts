/** One scoring, from what was asked for to its result; what it was is noted in the log. */
import { prepareScore, type ScoreRequest, type ScoreResult } from '../../generation/index.js'
import type { LoadedModel } from '../../loaded-models.js'
import type { Exchange } from '../fastify.js'
import { admittedScore } from '../generation/admitted-score.js'
import type { GenerationContext } from '../generation/context.js'
import { keepUntilAnswered } from '../generation/lease.js'
import { round } from '../generation/round.js'
import { traced } from '../generation/traced.js'
import { noteFacts } from '../log/request-log.js'

/** @throws FewstepError as `prepareScore` and `scoreText`, or rate_limited */
export async function serveScore (
  context: Pick<GenerationContext, 'metrics' | 'admissions'>, exchange: Exchange, loaded: LoadedModel, asked: ScoreRequest, id: string
): Promise<ScoreResult> {
  keepUntilAnswered(exchange, loaded)
  const { model } = loaded
  const { request } = exchange
  noteFacts(request, { model: model.manifest.name })
  const observer = traced(exchange, model.manifest.name)
  const prepared = await prepareScore(model, asked, id)
  noteFacts(request, { scoring: id, prompt_tokens: prepared.promptTokens, n: prepared.texts.length, steps: prepared.samples })
  const result = await admittedScore(context, exchange, loaded, prepared, observer)
  const { networkCalls, timings: { queueMs, computeMs, totalMs } } = result
  noteFacts(request, {
    network_calls: networkCalls, queue_ms: round(queueMs, 3), compute_ms: round(computeMs, 3), total_ms: round(totalMs, 3)
  })
  return result
}
