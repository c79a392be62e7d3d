/** For those who run the service. */
import type { App, Source } from '../fastify.js'
import type { OperationContext } from './context.js'
import { addHealthRoutes } from './health-routes.js'
import { Liveness, Readiness } from './health-schema.js'
import { addMetricsRoute } from './metrics-route.js'

export async function addOperation (app: App, getContext: Source<OperationContext>): Promise<void> {
  for (const shared of [Liveness, Readiness]) app.addSchema(shared)
  addHealthRoutes(app, getContext)
  addMetricsRoute(app, getContext)
}
