/** The body of POST /v1/completions and its answer. */
import { Type, type Static } from 'typebox'
import { named } from '../../openapi/reference.js'
import { CHOICE_EXTRAS, FinishReason, HEAD, SHARED_FIELDS, Usage } from './shared.js'

export const MAX_PROMPTS = 128
/** More than canvases hold. */
const MAX_PROMPT_TOKENS = 2 ** 16
export const MAX_BEST_OF = 20
/** Tokens made where nothing is said, as OpenAI has it. */
export const USUAL_TOKENS = 16

const Tokens = Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: MAX_PROMPT_TOKENS })

export const CompletionRequest = named('CompletionRequest', Type.Object({
  ...SHARED_FIELDS,
  prompt: Type.Optional(Type.Union([
    Type.String(),
    Type.Array(Type.String(), { minItems: 1, maxItems: MAX_PROMPTS }),
    Tokens,
    Type.Array(Tokens, { minItems: 1, maxItems: MAX_PROMPTS })
  ], {
    description: `a string, a list of token ids, or a list of up to ${MAX_PROMPTS} of either. Left out: free generation.`,
    examples: ['Once upon a time']
  })),
  suffix: Type.Optional(Type.String({
    description: 'Text after what is made: max_tokens tokens are filled in between prompt and suffix.'
  })),
  max_tokens: Type.Optional(Type.Integer({
    minimum: 1,
    description: `Tokens to make. Left out: ${USUAL_TOKENS}, or what room the prompt leaves on the model's canvas. More than there is ` +
      'room for are made in blocks, up to the limit that the server has set.',
    examples: [96]
  })),
  best_of: Type.Optional(Type.Integer({
    minimum: 1,
    maximum: MAX_BEST_OF,
    description: 'Draw so many outputs of each prompt and answer with the n most confident. Not in a stream.'
  })),
  echo: Type.Optional(Type.Boolean({ description: 'true: the text begins with the prompt.' })),
  logprobs: Type.Optional(Type.Integer({
    minimum: 0,
    maximum: 5,
    description: "For each token the logarithm of its confidence, that is of its probability in its canvas's last step: no " +
      'left-to-right likelihood. ' +
      'Of the alternatives nothing is known, so top_logprobs has the token itself, whatever the number. In a stream the text then comes ' +
      'at once.'
  }))
}, {
  description: 'Null is as good as left out. Unknown fields are passed over; known ones that would change the result and are not ' +
  'supported get 400.'
}))
export type CompletionRequest = Static<typeof CompletionRequest>

const Logprobs = Type.Object({
  tokens: Type.Array(Type.String()),
  token_logprobs: Type.Array(Type.Number()),
  top_logprobs: Type.Array(Type.Record(Type.String(), Type.Number())),
  text_offset: Type.Array(Type.Integer({ description: 'Where each token begins in text.' }))
})

export const Completion = named('Completion', Type.Object({
  ...HEAD,
  object: Type.Literal('text_completion'),
  choices: Type.Array(Type.Object({
    index: Type.Integer({ description: 'Outputs of the first prompt, then of the second ...' }),
    text: Type.String(),
    logprobs: Type.Union([Logprobs, Type.Null()]),
    finish_reason: FinishReason,
    ...CHOICE_EXTRAS
  })),
  usage: Usage
}, { description: 'Of a stream, chunks of the same shape: finish_reason is null until the last one of each index.' }))
