/** POST /v1/generate: whole, or refinement by refinement as server-sent events. */
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Engine } from '../engine/engine.js'
import { FewstepError } from '../errors.js'
import { generateText, prepare, streamText, type TextEvent, type TextResult } from '../generation/index.js'
import { prefersEventStream } from './accept.js'
import { chooseModel } from './choose-model.js'
import { clientLeft } from './client-left.js'
import type { App, AppContext, ContextSource } from './context.js'
import { asFewstepError, errorBody, isServerFault } from './error-body.js'
import { toGeneration, toServerSentEvents, toTextRequest } from './generate-json.js'
import { counted, countedEvents, type Outcome } from './outcome.js'
import { noteFacts, noteFailure } from './request-log.js'
import { ErrorBody, errorResponse } from './schemas/error.js'
import { GenerateRequest } from './schemas/generate-request.js'
import { Generation, StepEvent } from './schemas/generation.js'
import { refTo } from './schemas/reference.js'
import { encodeEvents } from './sse.js'

const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // nginx would hold events back to fill its buffers.
  'x-accel-buffering': 'no'
}

const schema = {
  operationId: 'generate',
  tags: ['generation'],
  summary: 'Generate text',
  description: 'Continues a prompt or fills in a template, in a few refinements of the whole text.\n\n' +
    'As a stream: a `step` event for each refinement of each output, then one `done` event with the same data as the JSON answer, ' +
    'or one `error` event. What is refused has a status of its own; what is admitted gets its headers at once, and fails as an `error` event. ' +
    'A comment line keeps an idle stream open. Leaving cancels the generation.',
  body: refTo(GenerateRequest),
  response: {
    200: {
      description: 'The generation, or the stream of its refinements.',
      content: {
        'application/json': { schema: refTo(Generation) },
        'text/event-stream': { schema: { description: 'The data of each event, by its name: step, done, error.', anyOf: [refTo(StepEvent), refTo(Generation), refTo(ErrorBody)] } }
      }
    },
    400: errorResponse('A field is unknown, of the wrong type or out of range.'),
    404: errorResponse('No model of that name is loaded.'),
    413: errorResponse('The body is too large.'),
    415: errorResponse('The body is not JSON.'),
    422: errorResponse('The fields are well-formed but cannot be met: a prompt longer than the canvas, a schedule that does not sum to 1, a template without gaps, a solver or jumps where the model has none.'),
    429: {
      headers: { 'retry-after': { type: 'integer', description: 'Seconds until it is worth another try.' } },
      ...errorResponse('The queue is full.')
    },
    500: errorResponse('The generation failed.'),
    503: errorResponse('The server is shutting down.'),
    504: errorResponse('The generation was not done within deadline_ms.')
  }
}

function checkAgainst (engine: Engine, body: GenerateRequest): void {
  const { maxQueue } = engine.stats()
  if ((body.n ?? 1) > maxQueue) {
    throw new FewstepError('invalid_request', `n must be at most ${maxQueue}, the length of the model's queue`, { field: 'n' })
  }
}

export function addGenerateRoute (app: App, getContext: ContextSource): void {
  app.post('/v1/generate', { schema }, async (request, reply) => {
    const context = getContext()
    const { body } = request
    const { model, engine } = chooseModel(context.models, body.model)
    const { name } = model.manifest
    noteFacts(request, { model: name })
    checkAgainst(engine, body)
    const id = `gen-${randomUUID()}`
    const prepared = prepare(model, toTextRequest(body), id)
    const stream = body.stream ?? prefersEventStream(request.headers.accept)
    const { promptTokens } = prepared.layout
    const { rows, budget } = prepared.engineRequest
    const steps = budget.kind === 'exact' ? budget.stepSizes.length : `${budget.min}-${budget.max}`
    noteFacts(request, { generation: id, stream, prompt_tokens: promptTokens, n: rows.length, steps })
    const answer = (result: TextResult): Generation => {
      context.metrics.generated(name, result)
      const generation = toGeneration(result, {
        id, model: name, timeline: body.timeline === true, confidence: body.confidence === true
      })
      const { completion_tokens: completionTokens, network_calls: networkCalls } = generation.usage
      noteFacts(request, { completion_tokens: completionTokens, network_calls: networkCalls, ...generation.timings })
      return generation
    }
    const signal = clientLeft(reply.raw)
    const count = (outcome: Outcome): void => { context.metrics.ended(name, outcome) }
    if (stream) return await sendStream(context, countedEvents(streamText(engine, prepared, { signal }), count), { request, reply, answer })
    return answer(await counted(generateText(engine, prepared, { signal }), count))
  })
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly answer: (result: TextResult) => Generation
}

/**
 * What is refused is refused at once and has a status of its own; what is admitted gets its headers at once, however long
 * its first refinement takes, and what fails after that says so in an `error` event.
 */
async function sendStream ({ config }: AppContext, generation: AsyncIterable<TextEvent>, exchange: Exchange): Promise<FastifyReply> {
  const { request, reply, answer } = exchange
  const events = toServerSentEvents(generation, answer)
  const first = events.next()
  // Admission takes no turn of the event loop.
  await Promise.race([first, nextTurn()])
  const text = encodeEvents(events, first, {
    keepAliveMs: config.sseKeepaliveMs,
    onError: (thrown) => {
      const error = asFewstepError(thrown, config.bodyLimit)
      if (isServerFault(error)) request.log.error({ err: error }, error.message)
      noteFailure(request, error)
      return { event: 'error', data: errorBody(error, request.id) }
    }
  })
  return await reply.headers(EVENT_STREAM_HEADERS).send(Readable.from(headersFirst(reply.raw, text), { objectMode: false }))
}

/** Node would hold the headers back until there is a first event. */
async function * headersFirst (response: ServerResponse, text: AsyncGenerator<string, void, undefined>): AsyncGenerator<string, void, undefined> {
  response.flushHeaders()
  yield * text
}
