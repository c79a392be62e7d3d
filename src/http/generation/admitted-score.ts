/** A scoring on behalf of one request: admitted, counted, and given up when the client leaves. */
import type { TicketObserver } from '../../engine/request.js'
import { FewstepError } from '../../errors.js'
import { priceOfScore, scoreText, type PreparedScore, type ScoreResult } from '../../generation/index.js'
import type { LoadedModel } from '../../loaded-models.js'
import type { Exchange } from '../fastify.js'
import { paidAfter } from './client-admission.js'
import { clientLeft } from './client-left.js'
import type { GenerationContext } from './context.js'
import { counted } from './outcome.js'

/**
 * @param observer watches over the engine's work
 * @throws FewstepError as `scoreText`, rate_limited, or invalid_request where there are more texts than the queue ever holds
 */
export async function admittedScore (
  { metrics, admissions }: Pick<GenerationContext, 'metrics' | 'admissions'>,
  exchange: Exchange,
  { model, engine }: LoadedModel,
  prepared: PreparedScore,
  observer: TicketObserver | undefined
): Promise<ScoreResult> {
  const { name } = model.manifest
  const { texts, field } = prepared
  const { maxQueue } = engine.stats()
  if (texts.length > maxQueue) {
    throw new FewstepError('invalid_request', `there are ${texts.length} texts to score, and the model's queue holds ${maxQueue}; send fewer`, { field })
  }
  const price = priceOfScore(prepared)
  const admission = admissions.admit(exchange, price)
  try {
    const scoring = scoreText(engine, prepared, { signal: clientLeft(exchange.reply.raw), observer })
    const result = await counted(scoring, (outcome) => { metrics.ended(name, outcome) })
    admission.end(price.positions)
    metrics.scored(name, result)
    return result
  } catch (error) {
    admission.end(paidAfter(error, price))
    throw error
  }
}
