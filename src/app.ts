/** The service as a function of its parts. Nothing listens yet and nothing is global. */
import type { Logger } from 'pino'
import type { Config } from './config.js'
import type { Engine } from './engine/engine.js'
import type { App, AppContext } from './http/context.js'
import { createFastifyApp } from './http/fastify-app.js'
import { Metrics } from './http/metrics.js'
import { logRequests } from './http/request-log.js'
import { addRoutes } from './http/routes.js'
import type { Model } from './model/model.js'

export interface AppOptions {
  readonly config: Pick<Config, 'bodyLimit' | 'sseKeepaliveMs'>
  readonly model: Model
  /** Started; whoever started it closes it, after the app. */
  readonly engine: Engine
  readonly logger: Logger
}

export async function buildApp ({ config, model, engine, logger }: AppOptions): Promise<App> {
  const context: AppContext = { config, model, engine, metrics: new Metrics(engine) }
  const app = createFastifyApp({ bodyLimit: config.bodyLimit, logger })
  logRequests(app, (request) => { context.metrics.served(request) })
  await addRoutes(app, () => context)
  return app
}
