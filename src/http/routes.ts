/** All routes and the schemas that they share. */
import type { App, ContextSource } from './context.js'
import { addGenerateRoute } from './generate-route.js'
import { addHealthRoutes } from './health-routes.js'
import { addMetricsRoute } from './metrics-route.js'
import { addModelsRoute } from './models-route.js'
import { addDocs, addOpenApi } from './openapi.js'
import { ErrorBody } from './schemas/error.js'
import { GenerateRequest } from './schemas/generate-request.js'
import { Generation, StepEvent } from './schemas/generation.js'
import { Liveness, ModelList, Readiness } from './schemas/service.js'

export async function addRoutes (app: App, getContext: ContextSource): Promise<void> {
  for (const shared of [ErrorBody, GenerateRequest, Generation, StepEvent, Liveness, Readiness, ModelList]) app.addSchema(shared)
  await addOpenApi(app)
  addGenerateRoute(app, getContext)
  addModelsRoute(app, getContext)
  addHealthRoutes(app, getContext)
  addMetricsRoute(app, getContext)
  await addDocs(app)
}
