/** POST /v1/fim/completions: fill in the middle, as Mercury and Mistral answer. */
import type { App, Source } from '../fastify.js'
import { chooseModel } from '../generation/choose-model.js'
import type { GenerationContext } from '../generation/context.js'
import { refTo } from '../openapi/reference.js'
import { extrasOf } from './choice.js'
import { refuseUnsupported } from './no-ops.js'
import { respond } from './respond.js'
import { answersOf } from './schemas/answers.js'
import { FimCompletion, FimRequest } from './schemas/fim.js'
import type { Ended, Shape } from './shape.js'
import { toSharedOptions } from './text-request.js'

const schema = {
  operationId: 'createFimCompletion',
  tags: ['openai'],
  summary: 'Fill in the middle',
  description: 'What stands between prompt and suffix: a text of max_tokens tokens, cut at end-of-text or a stop string.',
  body: refTo(FimRequest),
  response: answersOf(FimCompletion)
}

export function addFimRoute (app: App, getContext: Source<GenerationContext>): void {
  app.post('/v1/fim/completions', { schema }, async (request, reply) => {
    const context = getContext()
    const { body } = request
    refuseUnsupported(body)
    const { prompt, suffix, max_tokens: maxTokens, random_seed: seed } = body
    const options = toSharedOptions(seed === undefined ? body : { ...body, seed })
    return await respond(context, { request, reply }, chooseModel(context.models, body.model), {
      prefix: 'fim',
      object: 'text_completion',
      chunkObject: 'text_completion',
      body,
      texts: [{ ...options, prompt, suffix, maxTokens }],
      shape: fimShape(body),
      echo: false,
      logprobs: false
    })
  })
}

function fimShape ({ timeline }: FimRequest): Shape {
  const endOf = ({ output }: Ended): object => ({ finish_reason: output.finishReason, ...extrasOf(output, timeline === true) })
  return {
    choice: (ended) => ({ index: ended.index, text: ended.text, message: { role: 'assistant', content: ended.text }, ...endOf(ended) }),
    opening: () => [],
    piece: (index, text) => ({ index, text, delta: { role: 'assistant', content: text }, finish_reason: null }),
    ending: (ended) => [{ index: ended.index, text: ended.text, delta: { role: 'assistant', content: ended.text }, ...endOf(ended) }]
  }
}
