/** GET /v2/health/live, /v2/health/ready and whether a model is: true, or an error. */
import { Type } from 'typebox'
import type { App, Source } from '../fastify.js'
import { checkReady } from '../generation/readiness.js'
import type { KserveContext } from './context.js'
import { MODEL_PATHS, modelAt } from './model-path.js'
import { errorResponse, NOT_FOUND, NOT_READY } from './schemas/error.js'

const tags = ['kserve']
const refused = { '4xx': errorResponse('The request is not valid.') }

export function addHealthRoutes (app: App, getContext: Source<KserveContext>): void {
  app.get('/health/live', {
    schema: {
      operationId: 'kserveLive',
      tags,
      summary: 'Is the process alive?',
      response: { 200: Type.Object({ live: Type.Literal(true) }, { description: 'It is.' }), ...refused }
    }
  }, async () => ({ live: true as const }))

  app.get('/health/ready', {
    schema: {
      operationId: 'kserveReady',
      tags,
      summary: 'Should requests be sent here?',
      description: 'As /health/ready.',
      response: { 200: Type.Object({ ready: Type.Literal(true) }, { description: 'They should.' }), ...refused, ...NOT_READY }
    }
  }, async () => {
    const context = getContext()
    checkReady(context, { loaded: context.models.all, failed: context.models.failed })
    return { ready: true as const }
  })

  for (const { path, suffix, params } of MODEL_PATHS) {
    app.get(`${path}/ready`, {
      schema: {
        operationId: `kserveModel${suffix}Ready`,
        tags,
        summary: 'Can the model be asked?',
        params,
        response: {
          200: Type.Object({ name: Type.String(), ready: Type.Literal(true) }, { description: 'It can.' }),
          ...refused,
          ...NOT_FOUND,
          ...NOT_READY
        }
      }
    }, async (request) => {
      const context = getContext()
      const loaded = modelAt(context.models, request.params)
      checkReady(context, { loaded: [loaded], failed: [] })
      return { name: loaded.model.manifest.name, ready: true as const }
    })
  }
}
