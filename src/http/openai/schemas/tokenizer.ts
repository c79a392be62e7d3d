/** The bodies of /tokenize and /detokenize, and the answers of the tokenizer's routes. */
import { Type, type Static } from 'typebox'
import { named } from '../../openapi/reference.js'
import { ChatRequest } from './chat.js'

/** Reading them takes a microsecond or two each, in which nobody else is served. */
const MAX_TOKENS = 2 ** 13

const Model = Type.Optional(Type.String({ description: "A loaded model's name. Left out: the first one listed." }))

export const TokenizeRequest = named('TokenizeRequest', Type.Object({
  model: Model,
  prompt: Type.Optional(Type.String({ description: 'The text; either it or messages.', examples: ['Once upon a time'] })),
  messages: Type.Optional(ChatRequest.properties.messages),
  add_special_tokens: Type.Optional(Type.Boolean({ description: 'Changes nothing: no tokens are added to a text here.' })),
  allow_special: Type.Optional(Type.Boolean({ description: 'true: special tokens spelt out in prompt are those tokens.' })),
  return_token_strs: Type.Optional(Type.Boolean({ description: 'true: token_strs has the piece of text of each token.' }))
}))
export type TokenizeRequest = Static<typeof TokenizeRequest>

export const DetokenizeRequest = named('DetokenizeRequest', Type.Object({
  model: Model,
  tokens: Type.Array(Type.Integer({ minimum: 0 }), { maxItems: MAX_TOKENS, examples: [[12, 345]] })
}))

export const Tokenized = Type.Object({
  tokens: Type.Array(Type.Integer()),
  count: Type.Integer(),
  max_model_len: Type.Integer({ description: "Tokens on the model's canvas." }),
  token_strs: Type.Optional(Type.Array(Type.String()))
})

export const Detokenized = Type.Object({ prompt: Type.String() })

const Token = Type.Union([Type.String(), Type.Null()])
const TokenId = Type.Union([Type.Integer(), Type.Null()])

export const TokenizerInfo = Type.Object({
  tokenizer_class: Type.String(),
  vocab_size: Type.Integer(),
  model_max_length: Type.Integer(),
  bos_token: Token,
  eos_token: Token,
  pad_token: Token,
  eos_token_id: TokenId,
  mask_token_id: TokenId,
  chat_template: Type.Union([Type.String(), Type.Null()], { description: 'Null: the plain one is used.' })
})
