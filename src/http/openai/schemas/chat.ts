/** The body of POST /v1/chat/completions and its answer. */
import { Type, type Static } from 'typebox'
import { named } from '../../openapi/reference.js'
import { CHOICE_EXTRAS, FinishReason, HEAD, SHARED_FIELDS, Usage } from './shared.js'

/** A template runs over all of them. */
const MAX_MESSAGES = 256

const TextPart = Type.Object({ type: Type.Literal('text'), text: Type.String() })

const Message = Type.Object({
  role: Type.Enum(['system', 'developer', 'user', 'assistant'], { description: 'developer is another name for system.' }),
  content: Type.Optional(Type.Union([Type.String(), Type.Array(TextPart), Type.Null()], { description: 'a text or a list of texts' })),
  tool_calls: Type.Optional(Type.Union([Type.Array(Type.Unknown(), { maxItems: 0 }), Type.Null()], {
    description: 'left out, as there are no tools'
  }))
})
export type Message = Static<typeof Message>

export const ChatRequest = named('ChatRequest', Type.Object({
  ...SHARED_FIELDS,
  messages: Type.Array(Message, {
    minItems: 1,
    maxItems: MAX_MESSAGES,
    description: "The conversation, as the model's own template writes it.",
    examples: [[{ role: 'user', content: 'Tell me a story.' }]]
  }),
  max_tokens: Type.Optional(Type.Integer({
    minimum: 1,
    description: "Tokens to make. Left out: 128, or what room is left on the model's canvas. More than there is room for are made in " +
      'blocks, up to the limit that the server has set.'
  })),
  max_completion_tokens: Type.Optional(Type.Integer({ minimum: 1, description: 'The same, and counts where both are given.' })),
  logprobs: Type.Optional(Type.Boolean({
    description: 'For each token the logarithm of its confidence, as for completions. In a stream the text then comes at once.'
  })),
  top_logprobs: Type.Optional(Type.Integer({
    minimum: 0, maximum: 20, description: 'Of the alternatives nothing is known: from 1 on the token itself is listed.'
  }))
}, {
  description: 'Null is as good as left out. Unknown fields are passed over; known ones that would change the result and are not ' +
  'supported get 400.'
}))
export type ChatRequest = Static<typeof ChatRequest>

const TokenLogprob = {
  token: Type.String(),
  logprob: Type.Number(),
  bytes: Type.Array(Type.Integer(), { description: 'The token in UTF-8.' })
}

export const ChatCompletion = named('ChatCompletion', Type.Object({
  ...HEAD,
  object: Type.Enum(['chat.completion', 'chat.completion.chunk'], { description: 'Chunks have delta where the answer has message.' }),
  choices: Type.Array(Type.Object({
    index: Type.Integer(),
    message: Type.Object({ role: Type.Literal('assistant'), content: Type.String(), refusal: Type.Null() }),
    logprobs: Type.Union([
      Type.Object({
        content: Type.Array(Type.Object({ ...TokenLogprob, top_logprobs: Type.Array(Type.Object(TokenLogprob)) })),
        refusal: Type.Null()
      }),
      Type.Null()
    ]),
    finish_reason: FinishReason,
    ...CHOICE_EXTRAS
  })),
  usage: Usage
}))
