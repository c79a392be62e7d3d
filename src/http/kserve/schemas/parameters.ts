/** The options of a generation, as this dialect's requests have them. */
import { Type, type Static } from 'typebox'
import { GENERATION_OPTIONS } from '../../generation/options.js'

/** Beside them is the text itself. */
const TEXT_OPTIONS = {
  template: Type.Optional(Type.Boolean({
    description: 'true: text_input is a template with [[n]] gaps, each filled in with n tokens. Left out: it is a prompt to be continued.'
  })),
  ...GENERATION_OPTIONS
}
const { n: _, ...oneOutput } = TEXT_OPTIONS

export const GenerateParameters = Type.Object({
  ...oneOutput,
  details: Type.Optional(Type.Boolean({ description: 'Answer with details.' })),
  stream: Type.Optional(Type.Boolean({ description: 'What the route says anyway: false for generate, true for generate_stream.' }))
}, { additionalProperties: false, description: 'Options of the generation; each may be left out.' })
export type GenerateParameters = Static<typeof GenerateParameters>

export const InferParameters = Type.Object({
  ...TEXT_OPTIONS,
  binary_data_output: Type.Optional(Type.Boolean({
    description: 'true: outputs that do not say binary_data themselves are sent as binary data.'
  }))
}, { additionalProperties: false, description: 'Options of the generation; each may be left out.' })
export type InferParameters = Static<typeof InferParameters>
