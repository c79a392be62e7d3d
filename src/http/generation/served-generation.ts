/** What the engine does on behalf of one request: admitted, counted, noted in the log, and given up when the client leaves. */
import { setMaxListeners } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Engine } from '../../engine/engine.js'
import { FewstepError } from '../../errors.js'
import {
  decideChoices, generateText, prepare, streamText, type PreparedGeneration, type TextEvent, type TextRequest, type TextResult
} from '../../generation/index.js'
import type { LoadedModel } from '../../loaded-models.js'
import type { Exchange } from '../fastify.js'
import { noteFacts } from '../log/request-log.js'
import { admittedScore } from './admitted-score.js'
import { admitted } from './client-admission.js'
import { clientLeft } from './client-left.js'
import type { GenerationContext } from './context.js'
import { keepUntilAnswered } from './lease.js'
import { merged, type Part } from './merged.js'
import { counted, countedEvents, type Outcome } from './outcome.js'
import { round } from './round.js'
import { traced } from './traced.js'

export interface Asked {
  readonly id: string
  /** One or more, of n outputs each; they are admitted together or not at all. */
  readonly texts: readonly TextRequest[]
  /** For the log. */
  readonly stream: boolean
}

/** Not begun: the engine is asked by whichever of the two ways is taken, and refuses there. */
export interface ServedGeneration {
  /** One for each of the texts. */
  readonly prepared: readonly PreparedGeneration[]
  /** @throws FewstepError as `generateText`, or rate_limited */
  readonly whole: () => Promise<TextResult[]>
  /** Leaving the loop early cancels. Throws as `streamText`, or rate_limited. */
  readonly events: () => AsyncGenerator<Part<TextEvent>, void, undefined>
}

/** @throws FewstepError as `prepare`, or invalid_request where more outputs are asked for than the queue ever holds */
export async function serveGeneration (
  { config, metrics, admissions }: Pick<GenerationContext, 'config' | 'metrics' | 'admissions'>,
  { request, reply }: Exchange,
  loaded: LoadedModel,
  { id, texts, stream }: Asked
): Promise<ServedGeneration> {
  keepUntilAnswered({ reply }, loaded)
  const { model, engine } = loaded
  const { name } = model.manifest
  noteFacts(request, { model: name })
  const observer = traced({ request, reply }, name)
  checkAgainst(engine, texts)
  const prepared: PreparedGeneration[] = []
  for (const [i, text] of texts.entries()) {
    // Each takes some milliseconds; others are served between them.
    if (i > 0) await nextTurn()
    const decided = await decideChoices(model, text, {
      id,
      score: (scoring) => admittedScore({ metrics, admissions }, { request, reply }, loaded, scoring, observer)
    })
    prepared.push(prepare(model, decided === undefined ? text : { ...text, decided, deadlineMs: decided.deadlineMs }, {
      id: texts.length === 1 ? id : `${id}-${i}`, textLimit: config.maxTokens
    }))
  }
  noteFacts(request, { generation: id, stream, ...factsOf(prepared) })
  const controller = new AbortController()
  const leave = (): void => { controller.abort() }
  const signal = AbortSignal.any([clientLeft(reply.raw), controller.signal])
  setMaxListeners(0, signal) // each text listens, and there may be many
  const ended = (outcome: Outcome): void => { metrics.ended(name, outcome) }
  const done = (results: readonly TextResult[]): void => {
    for (const result of results) metrics.generated(name, result)
    noteFacts(request, sumsOf(results))
  }
  return admitted(admissions, { request, reply }, {
    prepared,
    whole: async () => {
      const generations = prepared.map((each) => counted(generateText(engine, each, { signal, observer }), ended))
      try {
        const results = await Promise.all(generations)
        done(results)
        return results
      } catch (error) {
        leave()
        await Promise.allSettled(generations)
        throw error
      }
    },
    events: async function * () {
      const results: TextResult[] = []
      const streams = prepared.map((each) => countedEvents(streamText(engine, each, { signal, observer }), ended))
      for await (const part of merged(streams, leave)) {
        if (part.event.type === 'done') results.push(part.event.result)
        if (results.length === prepared.length) done(results)
        yield part
      }
    }
  })
}

/** Of one text. Throws as `whole`. */
export async function onlyResult ({ whole }: ServedGeneration): Promise<TextResult> {
  const [result] = await whole()
  if (result === undefined) throw new Error('a generation is of one text at least')
  return result
}

function checkAgainst (engine: Engine, texts: readonly TextRequest[]): void {
  const { maxQueue } = engine.stats()
  const rows = texts.reduce((sum, { n = 1 }) => sum + n, 0)
  if (rows <= maxQueue) return
  const most = Math.floor(maxQueue / texts.length)
  throw most === 0
    ? new FewstepError('invalid_request', `there are ${texts.length} prompts, and the model's queue holds ${maxQueue}; send ` +
      'fewer', { field: 'prompt' })
    : new FewstepError('invalid_request', `n must be at most ${most}, ${texts.length === 1
      ? "the length of the model's queue"
      : `so that all outputs of ${texts.length} prompts find room in the model's queue of ${maxQueue}`}`, { field: 'n' })
}

/** What was asked for. */
function factsOf (prepared: readonly PreparedGeneration[]): Record<string, string | number> {
  const budget = prepared[0]?.engineRequest.budget
  const blocks = Math.max(...prepared.map(({ layout }) => layout.blocks.length))
  return {
    prompt_tokens: prepared.reduce((sum, { layout }) => sum + layout.promptTokens, 0),
    n: prepared.reduce((sum, { engineRequest }) => sum + engineRequest.rows.length, 0),
    ...(blocks > 1 ? { blocks } : {}),
    steps: budget?.kind === 'elastic' ? `${budget.min}-${budget.max}` : budget?.stepSizes.length ?? 0
  }
}

/** What it came to; the times of several, which run side by side, are those of the longest. */
function sumsOf (results: readonly TextResult[]): Record<string, number> {
  const longest = (time: 'queueMs' | 'computeMs' | 'totalMs'): number => round(Math.max(...results.map(({ timings }) => timings[time])), 3)
  return {
    completion_tokens: results.reduce((sum, { usage }) => sum + usage.completionTokens, 0),
    network_calls: results.reduce((sum, { usage }) => sum + usage.networkCalls, 0),
    queue_ms: longest('queueMs'),
    compute_ms: longest('computeMs'),
    total_ms: longest('totalMs')
  }
}
