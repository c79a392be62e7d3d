/** Body and answer of infer: tensors. */
import { Type, type Static } from 'typebox'
import { named } from '../../openapi/reference.js'
import { OUTPUT_NAMES } from '../model-tensors.js'
import { InferParameters } from './parameters.js'

const MAX_ID_LENGTH = 256
const Id = Type.String({ maxLength: MAX_ID_LENGTH, description: "The client's own name for the request; the answer repeats it." })
const Name = Type.Enum([...OUTPUT_NAMES])

const RequestTensor = Type.Object({
  name: Type.Enum(['text_input']),
  shape: Type.Array(Type.Integer(), { minItems: 1, maxItems: 2, description: '[1], or [1, 1]: one text.', examples: [[1]] }),
  datatype: Type.Enum(['BYTES']),
  parameters: Type.Optional(Type.Object({
    binary_data_size: Type.Optional(Type.Integer({ minimum: 0, description: 'The data follow the JSON, in so many bytes.' }))
  }, { additionalProperties: false })),
  data: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1, maxItems: 1 })], {
    description: 'a string, or a list of one. The prompt to continue, or a template; empty: free generation.'
  }), { minItems: 1, maxItems: 1, examples: [['Once upon a time']] }))
}, { additionalProperties: false })
export type RequestTensor = Static<typeof RequestTensor>

const RequestedOutput = Type.Object({
  name: Name,
  parameters: Type.Optional(Type.Object({
    binary_data: Type.Optional(Type.Boolean({ description: 'Send it after the JSON, as binary data.' }))
  }, { additionalProperties: false }))
}, { additionalProperties: false })

export const InferBody = named('KserveInferRequest', Type.Object({
  id: Type.Optional(Id),
  parameters: Type.Optional(InferParameters),
  inputs: Type.Array(RequestTensor, { minItems: 1, maxItems: 1 }),
  outputs: Type.Optional(Type.Array(RequestedOutput, { maxItems: OUTPUT_NAMES.length, description: 'Left out or empty: all there are.' }))
}, { additionalProperties: false, description: 'What to generate, as tensors.' }))
export type InferBody = Static<typeof InferBody>

export const InferAnswer = named('KserveInferResponse', Type.Object({
  model_name: Type.String(),
  model_version: Type.String(),
  id: Type.Optional(Id),
  outputs: Type.Array(Type.Object({
    name: Name,
    shape: Type.Array(Type.Integer(), { description: '[n]: an element for each output.' }),
    datatype: Type.Enum(['BYTES', 'INT32', 'INT64']),
    parameters: Type.Optional(Type.Object({ binary_data_size: Type.Integer() })),
    data: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Integer()])))
  }))
}, { description: 'Finished texts, as tensors.' }))
export type InferAnswer = Static<typeof InferAnswer>
