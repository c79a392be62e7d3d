/** POST /v1/generate: whole, or refinement by refinement as server-sent events. */
import { randomUUID } from 'node:crypto'
import { errorBody } from '../errors/error-body.js'
import { BUSY, ErrorBody, errorResponse } from '../errors/error-schema.js'
import type { App, Source } from '../fastify.js'
import { chooseModel } from '../generation/choose-model.js'
import type { GenerationContext } from '../generation/context.js'
import { sendEventStream } from '../generation/event-stream.js'
import { onlyResult, serveGeneration } from '../generation/served-generation.js'
import { encodeEvent } from '../generation/sse.js'
import { eventStream } from '../openapi/event-stream.js'
import { refTo } from '../openapi/reference.js'
import { prefersEventStream } from './accept.js'
import { toEvents, toGeneration, toTextRequest } from './generate-json.js'
import { GenerateRequest } from './schemas/generate-request.js'
import { Generation, StepEvent } from './schemas/generation.js'

const schema = {
  operationId: 'generate',
  tags: ['generation'],
  summary: 'Generate text',
  description: 'Continues a prompt or fills in a template, in a few refinements of the whole text.\n\n' +
    'As a stream: a `step` event for each refinement of each output, then one `done` event with the same data as the JSON answer, ' +
    'or one `error` event. What is refused has a status of its own; what is admitted gets its headers at once, and fails as an `error` ' +
    'event. A comment line keeps an idle stream open. Leaving cancels the generation.',
  body: refTo(GenerateRequest),
  response: {
    200: {
      description: 'The generation, or the stream of its refinements.',
      content: {
        'application/json': { schema: refTo(Generation) },
        ...eventStream({
          description: 'Each event: a refinement, or, as the last one, the generation or an error.',
          names: ['step', 'done', 'error'],
          data: [refTo(StepEvent), refTo(Generation), refTo(ErrorBody)]
        })
      }
    },
    400: errorResponse('A field is unknown, of the wrong type or out of range.'),
    401: errorResponse('This server asks for a key, and none that it knows was sent.'),
    404: errorResponse('No model of that name is loaded.'),
    413: errorResponse('The body is too large.'),
    415: errorResponse('The body is not JSON.'),
    422: errorResponse('The fields are well-formed but cannot be met: a prompt longer than the canvas, a schedule that does not sum to ' +
      '1, a template without gaps or in blocks, a solver or jumps where the model has none, a deadline too short even for an idle server.'),
    429: errorResponse(BUSY),
    500: errorResponse('The generation failed.'),
    503: errorResponse('The server is shutting down, no worker of the model is ready, or the model did not start.'),
    504: errorResponse('The generation was not done within deadline_ms.')
  }
}

export function addGenerateRoute (app: App, getContext: Source<GenerationContext>): void {
  app.post('/v1/generate', { schema }, async (request, reply) => {
    const context = getContext()
    const { body } = request
    const loaded = chooseModel(context.models, body.model)
    const id = `gen-${randomUUID()}`
    const stream = body.stream ?? prefersEventStream(request.headers.accept)
    const generation = await serveGeneration(context, { request, reply }, loaded, { id, texts: [toTextRequest(body)], stream })
    const options = {
      id, model: loaded.model.manifest.name, timeline: body.timeline === true, confidence: body.confidence === true
    }
    if (!stream) return toGeneration(await onlyResult(generation), options)
    return await sendEventStream(context, { request, reply }, toEvents(generation.events(), options), {
      keepAlive: ': keep-alive\n\n',
      encodeError: (error) => encodeEvent('error', errorBody(error, request.id))
    })
  })
}
