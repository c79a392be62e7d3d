/** Bodies and answers of generate and generate_stream. */
import { Type, type Static } from 'typebox'
import { STEPS_REASONS } from '../../../generation/index.js'
import { named } from '../../openapi/reference.js'
import { GenerateParameters } from './parameters.js'

export const GenerateBody = named('KserveGenerateRequest', Type.Object({
  text_input: Type.String({
    description: 'The prompt to continue, or a template; empty: free generation.', examples: ['Once upon a time']
  }),
  parameters: Type.Optional(GenerateParameters)
}, { additionalProperties: false, description: 'What to generate.' }))
export type GenerateBody = Static<typeof GenerateBody>

const model = { model_name: Type.String(), model_version: Type.String() }

export const GenerateAnswer = named('KserveGenerateResponse', Type.Object({
  text_output: Type.String({
    description: 'The continuation without the prompt, cut before end-of-text or a stop string; for a template the whole text.'
  }),
  ...model,
  details: Type.Optional(Type.Object({
    finish_reason: Type.Enum(['stop', 'length'], {
      description: 'stop: cut at end-of-text or a stop string. length: every position made is kept.'
    }),
    seed: Type.Integer({ description: 'With it the same request gives the same text.' }),
    steps: Type.Integer({ description: 'Refinements taken.' }),
    steps_reason: Type.Enum([...STEPS_REASONS], { description: 'Why not more of them.' }),
    prompt_tokens: Type.Integer(),
    completion_tokens: Type.Integer()
  }))
}, { description: 'A finished text: the JSON answer, and the last event of a stream.' }))
export type GenerateAnswer = Static<typeof GenerateAnswer>

export const RefinementAnswer = named('KserveRefinement', Type.Object({
  text_output: Type.String({ description: 'The whole text as it stands; it replaces that of the event before.' }),
  ...model,
  details: Type.Optional(Type.Object({
    step: Type.Integer({ description: '1 ... steps. A slow reader may miss some; the next changes include theirs.' }),
    steps: Type.Integer({ description: 'In all, as planned now; an elastic budget may change it.' }),
    t: Type.Number({ description: 'Time after the step; 1 after the last.' }),
    changes: Type.Array(Type.Object({
      position: Type.Integer({ description: 'Counted within what text_output covers.' }),
      token: Type.Integer(),
      text: Type.String({ description: 'The piece of text that now stands at the position; may be empty.' })
    }), { description: 'Positions whose token or piece of text changed. All pieces so far, in order, joined, are text_output.' })
  }))
}, { description: 'One refinement: an event of a stream.' }))
export type RefinementAnswer = Static<typeof RefinementAnswer>
