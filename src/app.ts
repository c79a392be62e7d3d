/** The service as a function of its parts. Nothing listens yet and nothing is global. */
import type { Logger } from 'pino'
import type { Config } from './config.js'
import type { App, AppContext } from './http/context.js'
import { createFastifyApp } from './http/fastify-app.js'
import { Metrics } from './http/metrics.js'
import { logRequests } from './http/request-log.js'
import { addRoutes } from './http/routes.js'
import type { LoadedModels } from './loaded-models.js'

export interface AppOptions {
  readonly config: Pick<Config, 'bodyLimit' | 'sseKeepaliveMs'>
  /** Started; whoever started them closes them, after the app. */
  readonly models: LoadedModels
  readonly logger: Logger
  /** How many lines the log has lost so far. */
  readonly droppedLogLines?: (() => number) | undefined
}

export async function buildApp ({ config, models, logger, droppedLogLines = () => 0 }: AppOptions): Promise<App> {
  const context: AppContext = { config, models, metrics: new Metrics(models, droppedLogLines) }
  const app = createFastifyApp({ bodyLimit: config.bodyLimit, logger })
  logRequests(app, (request) => { context.metrics.served(request) })
  await addRoutes(app, () => context)
  return app
}
