/** OpenAI's dialect, for the clients, frameworks and load generators that speak it. */
import { asFewstepError } from '../errors/error-body.js'
import { sendError } from '../errors/error-handler.js'
import type { App, Source } from '../fastify.js'
import type { GenerationContext } from '../generation/context.js'
import { addChatRoute } from './chat-route.js'
import { addCompletionsRoute } from './completions-route.js'
import { asOpenAiError } from './errors.js'
import { addFimRoute } from './fim-route.js'
import { withoutNulls } from './no-ops.js'
import { ChatCompletion, ChatRequest } from './schemas/chat.js'
import { Chunk } from './schemas/chunk.js'
import { Completion, CompletionRequest } from './schemas/completion.js'
import { FimCompletion, FimRequest } from './schemas/fim.js'
import { DetokenizeRequest, TokenizeRequest } from './schemas/tokenizer.js'
import { addTokenizerRoutes } from './tokenizer-routes.js'

const SHARED_SCHEMAS = [
  Chunk, CompletionRequest, Completion, ChatRequest, ChatCompletion, FimRequest, FimCompletion, TokenizeRequest, DetokenizeRequest
]

export async function addOpenAi (app: App, getContext: Source<GenerationContext>): Promise<void> {
  for (const shared of SHARED_SCHEMAS) app.addSchema(shared)
  // The schemas describe answers; they do not make them.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer))
  app.addHook('preValidation', async (request) => {
    const { body } = request
    if (!isObject(body)) return
    const given = withoutNulls(body)
    const { stream_options: options } = given
    request.body = isObject(options) ? { ...given, stream_options: withoutNulls(options) } : given
  })
  app.setErrorHandler((error, request, reply) => {
    const { bodyLimit } = getContext().config
    return sendError(asOpenAiError(asFewstepError(error, bodyLimit), request), request, reply, bodyLimit)
  })
  addCompletionsRoute(app, getContext)
  addChatRoute(app, getContext)
  addFimRoute(app, getContext)
  addTokenizerRoutes(app, getContext)
}

function isObject (body: unknown): body is object {
  return typeof body === 'object' && body !== null && !Array.isArray(body)
}
