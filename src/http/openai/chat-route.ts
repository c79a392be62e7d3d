/** POST /v1/chat/completions. */
import type { TextRequest } from '../../generation/index.js'
import type { Model } from '../../model/model.js'
import type { App, Source } from '../fastify.js'
import { chooseModel } from '../generation/choose-model.js'
import type { GenerationContext } from '../generation/context.js'
import { refTo } from '../openapi/reference.js'
import { toChatPrompt } from './chat-prompt.js'
import { chatShape } from './chat-shape.js'
import { CHAT_NO_OPS, refuseUnsupported } from './no-ops.js'
import { respond } from './respond.js'
import { answersOf } from './schemas/answers.js'
import { ChatCompletion, ChatRequest } from './schemas/chat.js'
import { toSharedOptions } from './text-request.js'

const schema = {
  operationId: 'createChatCompletion',
  tags: ['openai'],
  summary: 'Answer a conversation',
  description: "OpenAI's chat completions. The conversation is written by the model's own chat template; a model without one gets a " +
    'plain one.',
  body: refTo(ChatRequest),
  response: answersOf(ChatCompletion)
}

export function addChatRoute (app: App, getContext: Source<GenerationContext>): void {
  app.post('/v1/chat/completions', { schema }, async (request, reply) => {
    const context = getContext()
    const { body } = request
    refuseUnsupported(body, CHAT_NO_OPS)
    const loaded = chooseModel(context.models, body.model)
    return await respond(context, { request, reply }, loaded, {
      prefix: 'chatcmpl',
      object: 'chat.completion',
      chunkObject: 'chat.completion.chunk',
      body,
      texts: [toTextRequest(loaded.model, body)],
      shape: chatShape(body),
      echo: false,
      logprobs: body.logprobs === true
    })
  })
}

function toTextRequest (model: Model, body: ChatRequest): TextRequest {
  const options = toSharedOptions(body)
  const prompt = toChatPrompt(model, body.messages)
  return {
    ...options,
    ...prompt,
    endTokens: [...options.endTokens ?? [], ...prompt.endTokens ?? []],
    stop: [...options.stop ?? [], ...prompt.stop ?? []],
    maxTokens: body.max_completion_tokens ?? body.max_tokens
  }
}
