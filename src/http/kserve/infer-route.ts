/** POST /v2/models/NAME/infer: a text as a tensor, its continuations as tensors. */
import { randomUUID } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import type { App, Source } from '../fastify.js'
import { onlyResult, serveGeneration } from '../generation/served-generation.js'
import { refTo } from '../openapi/reference.js'
import { binaryPartOf, JSON_LENGTH_HEADER } from './body.js'
import type { KserveContext } from './context.js'
import { textOf, toTensors } from './infer-json.js'
import { MODEL_PATHS, MODEL_VERSION, modelAt } from './model-path.js'
import { GENERATION_ERRORS } from './schemas/error.js'
import { InferAnswer, InferBody, type RequestTensor } from './schemas/infer.js'
import { toTextRequest } from './text-request.js'

const ANSWER = {
  description: 'The tensors that were asked for.',
  headers: { [JSON_LENGTH_HEADER]: { type: 'integer', description: 'Where binary tensors follow: how many bytes are JSON.' } },
  content: {
    'application/json': { schema: refTo(InferAnswer) },
    'application/octet-stream': {
      schema: { type: 'string', format: 'binary', description: 'The same JSON, then the data that were asked for as binary.' }
    }
  }
}

export function addInferRoute (app: App, getContext: Source<KserveContext>): void {
  for (const { path, suffix, params } of MODEL_PATHS) {
    app.post(`${path}/infer`, {
      schema: {
        operationId: `kserveInfer${suffix}`,
        tags: ['kserve'],
        summary: 'Generate text, as tensors',
        description: `Tensors may be sent as binary data after the JSON, whose length the header ${JSON_LENGTH_HEADER} then says.`,
        params,
        body: refTo(InferBody),
        response: { 200: ANSWER, ...GENERATION_ERRORS }
      }
    }, async (request, reply): Promise<InferAnswer | FastifyReply> => {
      const context = getContext()
      const { body } = request
      const loaded = modelAt(context.models, request.params)
      // The schema lets nothing through without it.
      const [input] = body.inputs as [RequestTensor]
      const { binary_data_output: _, ...options } = body.parameters ?? {}
      const text = toTextRequest(textOf(input, binaryPartOf(request)), options)
      const asked = { id: `gen-${randomUUID()}`, texts: [text], stream: false }
      const result = await onlyResult(await serveGeneration(context, { request, reply }, loaded, asked))
      const { outputs, binary } = toTensors(result.outputs, body)
      const answer: InferAnswer = {
        model_name: loaded.model.manifest.name,
        model_version: MODEL_VERSION,
        ...(body.id === undefined ? {} : { id: body.id }),
        outputs
      }
      return binary.length === 0 ? answer : await sendBinary(reply, answer, binary)
    })
  }
}

async function sendBinary (reply: FastifyReply, answer: InferAnswer, binary: readonly Buffer[]): Promise<FastifyReply> {
  const json = Buffer.from(JSON.stringify(answer))
  return await reply
    .header(JSON_LENGTH_HEADER, String(json.length))
    .type('application/octet-stream')
    .send(Buffer.concat([json, ...binary]))
}
