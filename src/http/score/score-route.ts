/** POST /v1/score: how probable given texts are. */
import { randomUUID } from 'node:crypto'
import { BUSY, errorResponse } from '../errors/error-schema.js'
import type { App, Source } from '../fastify.js'
import { chooseModel } from '../generation/choose-model.js'
import type { GenerationContext } from '../generation/context.js'
import { refTo } from '../openapi/reference.js'
import { Score, ScoreRequestBody } from './schemas.js'
import { toScore, toScoreRequest } from './score-json.js'
import { serveScore } from './served-score.js'

const schema = {
  operationId: 'score',
  tags: ['generation'],
  summary: 'Score texts',
  description: 'How probable texts are, given what stands before and after them: of each a bound on the logarithm of its probability, estimated ' +
    'on `samples` canvases that hide parts of it, with its standard error. So choices are compared, or a text is judged by its bits a byte.',
  body: refTo(ScoreRequestBody),
  response: {
    200: { description: 'The scores.', content: { 'application/json': { schema: refTo(Score) } } },
    400: errorResponse('A field is unknown, of the wrong type or out of range, or there is nothing to score.'),
    401: errorResponse('This server asks for a key, and none that it knows was sent.'),
    404: errorResponse('No model of that name is loaded.'),
    413: errorResponse('The body is too large.'),
    415: errorResponse('The body is not JSON.'),
    422: errorResponse('The fields are well-formed but cannot be met: texts longer than the canvas, a template without its gap of choices, a model ' +
      'whose graph cannot score, a deadline too short even for an idle server.'),
    429: errorResponse(BUSY),
    500: errorResponse('The scoring failed.'),
    503: errorResponse('The server is shutting down, no worker of the model is ready, or the model did not start.'),
    504: errorResponse('The scores were not there within deadline_ms.')
  }
}

export function addScoreRoute (app: App, getContext: Source<GenerationContext>): void {
  app.post('/v1/score', { schema }, async (request, reply) => {
    const context = getContext()
    const { body } = request
    const loaded = chooseModel(context.models, body.model)
    const id = `score-${randomUUID()}`
    const result = await serveScore(context, { request, reply }, loaded, toScoreRequest(body), id)
    return toScore(result, { id, model: loaded.model.manifest.name })
  })
}
