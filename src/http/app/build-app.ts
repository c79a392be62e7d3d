/** The service as a function of its parts. Nothing listens yet and nothing is global. */
import type { Logger } from 'pino'
import type { Config } from '../../config.js'
import type { LoadedModels } from '../../loaded-models.js'
import { Lifecycle } from '../connection/lifecycle.js'
import { OpenReplies } from '../connection/open-replies.js'
import type { App } from '../fastify.js'
import { Metrics } from '../operation/metrics.js'
import type { AppContext } from './context.js'
import { createFastifyApp, type ConnectionSettings } from './fastify-app.js'
import { addRoutes } from './routes.js'

export interface AppOptions {
  readonly config: ConnectionSettings & Pick<Config, 'sseKeepaliveMs' | 'readyWhen'>
  /** Started; whoever started them closes them, after the app. */
  readonly models: LoadedModels
  readonly logger: Logger
  /** How many lines the log has lost so far. */
  readonly droppedLogLines?: (() => number) | undefined
}

export interface Service {
  readonly app: App
  readonly lifecycle: Lifecycle
}

export async function buildApp ({ config, models, logger, droppedLogLines = () => 0 }: AppOptions): Promise<Service> {
  const lifecycle = new Lifecycle(new OpenReplies())
  const context: AppContext = { config, models, lifecycle, metrics: new Metrics(models, lifecycle, droppedLogLines) }
  const app = createFastifyApp({ settings: config, logger, lifecycle, served: (request) => { context.metrics.served(request) } })
  await addRoutes(app, () => context, config.bodyLimit)
  return { app, lifecycle }
}
