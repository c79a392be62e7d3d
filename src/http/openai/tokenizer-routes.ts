/** POST /tokenize, POST /detokenize and GET /tokenizer_info, as vLLM has them: their clients need no tokenizer of their own. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Type, type Static } from 'typebox'
import { FewstepError } from '../../errors.js'
import { checkWellFormed, maxTextBytes } from '../../generation/index.js'
import type { Model } from '../../model/model.js'
import { errorResponse } from '../errors/error-schema.js'
import type { App, Source } from '../fastify.js'
import { chooseModel } from '../generation/choose-model.js'
import type { GenerationContext } from '../generation/context.js'
import { refTo } from '../openapi/reference.js'
import { toChatPrompt } from './chat-prompt.js'
import { Detokenized, DetokenizeRequest, Tokenized, TokenizeRequest, TokenizerInfo } from './schemas/tokenizer.js'

const tags = ['openai']
/** Taken of any model: one word so long takes some tens of milliseconds. */
const USUAL_TEXT_BYTES = 2 ** 14
/** Between two turns of others: some milliseconds. */
const WORDS_A_TURN = 256

const refusals = { '4xx': errorResponse('The request is not valid.'), 404: errorResponse('No model of that name is loaded.') }
const jsonOf = (description: string, schema: object): object => ({ description, content: { 'application/json': { schema } } })

export function addTokenizerRoutes (app: App, getContext: Source<GenerationContext>): void {
  const modelOf = (name: string | undefined): Model => chooseModel(getContext().models, name).model
  app.post('/tokenize', {
    schema: {
      operationId: 'tokenize',
      tags,
      summary: 'Text to tokens',
      body: refTo(TokenizeRequest),
      response: { 200: jsonOf('The tokens.', Tokenized), ...refusals }
    }
  }, async ({ body }): Promise<Static<typeof Tokenized>> => {
    const model = modelOf(body.model)
    const { tokenizer, manifest } = model
    const tokens = await encode(model, textOf(model, body))
    const strings = body.return_token_strs === true ? { token_strs: tokenizer.pieces(tokens, { given: true }) } : {}
    return { tokens, count: tokens.length, max_model_len: manifest.max_length, ...strings }
  })

  app.post('/detokenize', {
    schema: {
      operationId: 'detokenize',
      tags,
      summary: 'Tokens to text',
      body: refTo(DetokenizeRequest),
      response: { 200: jsonOf('The text.', Detokenized), ...refusals }
    }
  }, async ({ body: { model: name, tokens } }): Promise<Static<typeof Detokenized>> => {
    const { tokenizer, manifest: { vocab_size: size } } = modelOf(name)
    const stranger = tokens.find((token) => token >= size)
    if (stranger !== undefined) {
      throw new FewstepError('invalid_request', `tokens has ${stranger}; the model's tokens are 0 to ${size - 1}`, { field: 'tokens' })
    }
    return { prompt: tokenizer.pieces(tokens, { given: true }).join('') }
  })

  app.get('/tokenizer_info', {
    schema: {
      operationId: 'tokenizerInfo',
      tags,
      summary: "The tokenizer's special tokens and chat template",
      querystring: Type.Object({ model: Type.Optional(Type.String()) }),
      response: { 200: jsonOf('What the tokenizer says of itself.', TokenizerInfo), ...refusals }
    }
  }, async ({ query: { model } }) => infoOf(modelOf(model)))
}

interface Given { readonly text: string, readonly allowSpecial: boolean, readonly field: 'prompt' | 'messages' }

function textOf (model: Model, { prompt, messages, allow_special: allowSpecial = false }: TokenizeRequest): Given {
  if ((prompt === undefined) === (messages === undefined)) {
    throw new FewstepError('invalid_request', 'send either prompt or messages', { field: prompt === undefined ? 'prompt' : 'messages' })
  }
  if (messages === undefined) return { text: prompt ?? '', allowSpecial, field: 'prompt' }
  return { text: toChatPrompt(model, messages).prompt ?? '', allowSpecial: true, field: 'messages' }
}

async function encode (model: Model, { text, allowSpecial, field }: Given): Promise<number[]> {
  const most = Math.max(USUAL_TEXT_BYTES, maxTextBytes(model))
  if (Buffer.byteLength(text) > most) {
    throw new FewstepError('invalid_request', `${field} has more than ${most} bytes of text; send it in parts`, { field })
  }
  checkWellFormed(field, text)
  const tokens: number[] = []
  let words = 0
  for (const word of model.tokenizer.words(text, allowSpecial)) {
    for (const token of word) tokens.push(token)
    if (++words % WORDS_A_TURN === 0) await nextTurn()
  }
  return tokens
}

function infoOf ({ tokenizer, manifest, chat }: Model): Static<typeof TokenizerInfo> {
  const end = manifest.end_of_text_token_id
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    vocab_size: manifest.vocab_size,
    model_max_length: manifest.max_length,
    bos_token: chat.bosToken,
    eos_token: chat.eosToken ?? (end === null ? null : tokenizer.decode([end])),
    pad_token: chat.padToken,
    eos_token_id: end,
    mask_token_id: manifest.mask_token_id,
    chat_template: chat.source
  }
}
