/** The body of POST /v1/fim/completions and its answer. */
import { Type, type Static } from 'typebox'
import { MAX_SEED } from '../../../generation/index.js'
import { named } from '../../openapi/reference.js'
import { CHOICE_EXTRAS, FinishReason, HEAD, SHARED_FIELDS, Usage } from './shared.js'

export const FimRequest = named('FimRequest', Type.Object({
  ...SHARED_FIELDS,
  prompt: Type.String({ description: 'Text before the gap.', examples: ['The old man'] }),
  suffix: Type.Optional(Type.String({ description: 'Text after it.', examples: [' and went home.'] })),
  max_tokens: Type.Optional(Type.Integer({ minimum: 1, description: 'Tokens to fill in. Left out: 128, or what room the two leave.' })),
  random_seed: Type.Optional(Type.Integer({ minimum: -1, maximum: MAX_SEED, description: "Mistral's name for seed." }))
}))
export type FimRequest = Static<typeof FimRequest>

export const FimCompletion = named('FimCompletion', Type.Object({
  ...HEAD,
  object: Type.Literal('text_completion'),
  choices: Type.Array(Type.Object({
    index: Type.Integer(),
    text: Type.String({ description: 'As Mercury has it.' }),
    message: Type.Object({ role: Type.Literal('assistant'), content: Type.String() }, {
      description: 'The same as Mistral has it; in chunks delta.'
    }),
    finish_reason: FinishReason,
    ...CHOICE_EXTRAS
  })),
  usage: Usage
}))
