/** A generation on behalf of a request: counted, noted in the log, and given up when its client leaves. */
import type { Engine } from '../../engine/engine.js'
import { FewstepError } from '../../errors.js'
import {
  generateText, prepare, streamText, type PreparedGeneration, type TextEvent, type TextRequest, type TextResult
} from '../../generation/index.js'
import type { LoadedModel } from '../../loaded-models.js'
import type { Exchange } from '../fastify.js'
import { noteFacts } from '../log/request-log.js'
import { clientLeft } from './client-left.js'
import type { GenerationContext } from './context.js'
import { counted, countedEvents, type Outcome } from './outcome.js'
import { round } from './round.js'

export interface Asked {
  readonly id: string
  readonly text: TextRequest
  /** For the log. */
  readonly stream: boolean
}

/** Not begun: the engine is asked by whichever of the two ways is taken, and refuses there. */
export interface ServedGeneration {
  readonly prepared: PreparedGeneration
  /** @throws FewstepError as `generateText` */
  readonly whole: () => Promise<TextResult>
  /** Leaving the loop early cancels. Throws as `streamText`. */
  readonly events: () => AsyncGenerator<TextEvent, void, undefined>
}

/** @throws FewstepError as `prepare`, or invalid_request where more outputs are asked for than the queue ever holds */
export function serveGeneration (
  { metrics }: Pick<GenerationContext, 'metrics'>, { request, reply }: Exchange, { model, engine }: LoadedModel, { id, text, stream }: Asked
): ServedGeneration {
  const { name } = model.manifest
  noteFacts(request, { model: name })
  checkAgainst(engine, text)
  const prepared = prepare(model, text, id)
  const { rows, budget } = prepared.engineRequest
  const steps = budget.kind === 'exact' ? budget.stepSizes.length : `${budget.min}-${budget.max}`
  noteFacts(request, { generation: id, stream, prompt_tokens: prepared.layout.promptTokens, n: rows.length, steps })
  const ended = (outcome: Outcome): void => { metrics.ended(name, outcome) }
  const done = (result: TextResult): void => {
    metrics.generated(name, result)
    noteFacts(request, factsOf(result))
  }
  const signal = clientLeft(reply.raw)
  return {
    prepared,
    whole: async () => {
      const result = await counted(generateText(engine, prepared, { signal }), ended)
      done(result)
      return result
    },
    events: async function * () {
      for await (const event of countedEvents(streamText(engine, prepared, { signal }), ended)) {
        if (event.type === 'done') done(event.result)
        yield event
      }
    }
  }
}

function checkAgainst (engine: Engine, { n = 1 }: TextRequest): void {
  const { maxQueue } = engine.stats()
  if (n > maxQueue) {
    throw new FewstepError('invalid_request', `n must be at most ${maxQueue}, the length of the model's ` +
    'queue', { field: 'n' })
  }
}

function factsOf ({ usage, timings }: TextResult): Record<string, number> {
  return {
    completion_tokens: usage.completionTokens,
    network_calls: usage.networkCalls,
    queue_ms: round(timings.queueMs, 3),
    compute_ms: round(timings.computeMs, 3),
    total_ms: round(timings.totalMs, 3)
  }
}
