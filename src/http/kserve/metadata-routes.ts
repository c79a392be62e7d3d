/** GET /v2 and what a model takes and gives: its tensors. */
import { Type } from 'typebox'
import { supportOf } from '../../generation/index.js'
import type { Manifest } from '../../model/manifest.js'
import type { App, Source } from '../fastify.js'
import type { KserveContext } from './context.js'
import { VERSION } from '../../version.js'
import { MODEL_PATHS, MODEL_VERSION, modelAt } from './model-path.js'
import { INPUT, OUTPUTS } from './model-tensors.js'
import { errorResponse, NOT_FOUND, NOT_READY } from './schemas/error.js'

const tags = ['kserve']
const refused = { '4xx': errorResponse('The request is not valid.') }

const ServerMetadata = Type.Object({
  name: Type.String(),
  version: Type.String(),
  extensions: Type.Array(Type.String())
}, { description: 'Name, version and extensions.' })

const Tensors = Type.Array(Type.Object({
  name: Type.String(),
  datatype: Type.String(),
  shape: Type.Array(Type.Integer(), { description: '-1: as many as there are.' })
}))

const ModelMetadata = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.String()),
  platform: Type.String(),
  properties: Type.Record(Type.String(), Type.String(), { description: 'What a request may ask of the model.' }),
  inputs: Tensors,
  outputs: Tensors
}, { description: 'The tensors that infer takes and gives.' })

export function addMetadataRoutes (app: App, getContext: Source<KserveContext>): void {
  app.get('', {
    schema: {
      operationId: 'kserveServer',
      tags,
      summary: 'What server is this?',
      response: { 200: ServerMetadata, ...refused }
    }
  }, async () => ({ name: 'fewstep', version: VERSION, extensions: ['generate', 'parameters', 'binary_tensor_data', 'model_repository'] }))

  for (const { path, suffix, params } of MODEL_PATHS) {
    app.get(path, {
      schema: {
        operationId: `kserveModel${suffix}`,
        tags,
        summary: 'What does the model take and give?',
        params,
        response: { 200: ModelMetadata, ...refused, ...NOT_FOUND, ...NOT_READY }
      }
    }, async (request) => {
      const { manifest } = modelAt(getContext().models, request.params).model
      return {
        name: manifest.name,
        versions: [MODEL_VERSION],
        platform: 'fewstep_onnx',
        properties: propertiesOf(manifest),
        inputs: [INPUT],
        outputs: OUTPUTS.map(({ name, datatype }) => ({ name, datatype, shape: [-1] }))
      }
    })
  }
}

/** As the protocol has properties, all of them strings. Scoring has no route in this dialect. */
function propertiesOf (manifest: Manifest): Record<string, string> {
  const { choices, revealAbove, blockLength } = supportOf(manifest)
  return {
    algorithm: manifest.algorithm,
    max_length: String(manifest.max_length),
    choices: String(choices),
    reveal_above: String(revealAbove),
    max_block_length: String(blockLength.most)
  }
}
