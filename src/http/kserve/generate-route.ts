/** POST /v2/models/NAME/generate and generate_stream: one text, whole or refinement by refinement. */
import { randomUUID } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { FewstepError } from '../../errors.js'
import type { LoadedModel } from '../../loaded-models.js'
import type { App, Exchange, Source } from '../fastify.js'
import { sendEventStream } from '../generation/event-stream.js'
import { onlyResult, serveGeneration, type ServedGeneration } from '../generation/served-generation.js'
import { encodeData } from '../generation/sse.js'
import { eventStream } from '../openapi/event-stream.js'
import { refTo } from '../openapi/reference.js'
import type { KserveContext } from './context.js'
import { toAnswer, toEvents, type AnswerOptions } from './generate-json.js'
import { MODEL_PATHS, modelAt, type ModelParams } from './model-path.js'
import { GENERATION_ERRORS, KserveError, toErrorBody } from './schemas/error.js'
import { GenerateAnswer, GenerateBody, RefinementAnswer } from './schemas/generate.js'
import { toTextRequest } from './text-request.js'

const tags = ['kserve']
const body = refTo(GenerateBody)

const EVENTS = {
  description: 'The stream of refinements, then the finished text.',
  content: eventStream({
    description: 'Each event: the text as it stands, or an error as the last one.',
    data: [refTo(RefinementAnswer), refTo(GenerateAnswer), refTo(KserveError)]
  })
}

export function addGenerateRoutes (app: App, getContext: Source<KserveContext>): void {
  for (const { path, suffix, params } of MODEL_PATHS) {
    app.post(`${path}/generate`, {
      schema: {
        operationId: `kserveGenerate${suffix}`,
        tags,
        summary: 'Generate a text',
        params,
        body,
        response: { 200: refTo(GenerateAnswer), ...GENERATION_ERRORS }
      }
    }, async (request, reply): Promise<GenerateAnswer> => {
      const { generation, options } = await begin(getContext(), { request, reply }, request.params, request.body, false)
      return toAnswer(await onlyResult(generation), options)
    })

    app.post(`${path}/generate_stream`, {
      schema: {
        operationId: `kserveGenerateStream${suffix}`,
        tags,
        summary: 'Generate a text, refinement by refinement',
        description: 'Server-sent events without names: each holds the whole text as it stands, the last one what generate answers. ' +
          'What is refused has a status of its own; what fails later is an event with an error, the last one. Leaving cancels the ' +
          'generation.',
        params,
        body,
        response: { 200: EVENTS, ...GENERATION_ERRORS }
      }
    }, async (request, reply): Promise<FastifyReply> => {
      const context = getContext()
      const { generation, options } = await begin(context, { request, reply }, request.params, request.body, true)
      return await sendEventStream(context, { request, reply }, toEvents(generation.events(), options), {
        // Some readers take an empty line for an event.
        keepAlive: ': keep-alive\n',
        encodeError: (error) => encodeData(toErrorBody(error))
      })
    })
  }
}

interface Begun {
  readonly generation: ServedGeneration
  readonly options: AnswerOptions
}

async function begin (
  context: KserveContext, exchange: Exchange, params: ModelParams, { text_input: text, parameters = {} }: GenerateBody, streams: boolean
): Promise<Begun> {
  const loaded: LoadedModel = modelAt(context.models, params)
  const { details = false, stream = streams, ...options } = parameters
  if (stream !== streams) {
    throw new FewstepError('invalid_request', `parameters[stream] is ${stream}: generate answers whole and generate_stream streams; ` +
      `post to ${streams ? 'generate' : 'generate_stream'}, or leave stream out`, { field: 'parameters' })
  }
  const asked = { id: `gen-${randomUUID()}`, texts: [toTextRequest(text, options)], stream }
  return { generation: await serveGeneration(context, exchange, loaded, asked), options: { model: loaded.model.manifest.name, details } }
}
