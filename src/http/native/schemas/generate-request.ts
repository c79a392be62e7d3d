/** The body of POST /v1/generate. */
import { Type, type Static } from 'typebox'
import { GENERATION_OPTIONS } from '../../generation/options.js'
import { named } from '../../openapi/reference.js'

export const GenerateRequest = named('GenerateRequest', Type.Object({
  model: Type.Optional(Type.String({
    description: "A loaded model's name, as /v1/models lists it; any other is refused. Left out: the first one listed.",
    examples: ['fewstep-stories']
  })),
  prompt: Type.Optional(Type.String({
    description: 'Text to continue. A space at its end belongs to the continuation, as tokens begin with the space before their word; ' +
      'it is not repeated there. Empty or left out: free generation. Excludes template.',
    examples: ['Once upon a time']
  })),
  template: Type.Optional(Type.String({
    minLength: 1,
    description: 'Text with [[n]] gaps, each filled in with n tokens, and gaps of choices, as in [[red|green|blue]], which ' +
      'take the most probable of the texts, from left to right; the text around them stays. The space before a gap belongs to the ' +
      'gap, as tokens begin with the space before their word. Excludes prompt and max_tokens.',
    examples: ['The [[3]] was happy. [[12]] The end.']
  })),
  ...GENERATION_OPTIONS,
  stream: Type.Optional(Type.Boolean({
    description: 'Answer with an event stream; the header "Accept: text/event-stream" does the same.'
  })),
  timeline: Type.Optional(Type.Boolean({ description: 'Report the step at which each token last changed.' })),
  confidence: Type.Optional(Type.Boolean({ description: "Report each token's posterior probability, in a stream at each step." }))
}, { additionalProperties: false, description: 'What to generate; every field may be left out.' }))
export type GenerateRequest = Static<typeof GenerateRequest>
