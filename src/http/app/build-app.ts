/** The service as a function of its parts. Nothing listens yet and nothing is global. */
import type { Logger } from 'pino'
import type { Config } from '../../config.js'
import type { LoadedModels } from '../../loaded-models.js'
import type { LogLevelSwitch } from '../admin/context.js'
import { watchDropped } from '../connection/dropped-connections.js'
import { Lifecycle } from '../connection/lifecycle.js'
import { OpenReplies } from '../connection/open-replies.js'
import type { App } from '../fastify.js'
import { addGuard, Guard, type GuardSettings } from '../guard/guard.js'
import type { Keyring } from '../guard/keyring.js'
import { Metrics } from '../operation/metrics.js'
import type { AppContext } from './context.js'
import { createFastifyApp, type ConnectionSettings } from './fastify-app.js'
import { addRoutes } from './routes.js'

export interface AppOptions {
  readonly config: ConnectionSettings & GuardSettings & Pick<Config, 'sseKeepaliveMs' | 'readyWhen' | 'maxTokens' | 'metricsAliases'>
  /** Started; whoever started them closes them, after the app. */
  readonly models: LoadedModels
  /** undefined: everybody is served; whoever opened it closes it. */
  readonly keyring?: Keyring | undefined
  readonly logger: Logger
  /** Of the logger and all that comes of it. */
  readonly logLevel: LogLevelSwitch
  /** How many lines the log has lost so far. */
  readonly droppedLogLines?: (() => number) | undefined
}

export interface Service {
  readonly app: App
  readonly lifecycle: Lifecycle
}

export async function buildApp ({ config, models, keyring, logger, logLevel, droppedLogLines = () => 0 }: AppOptions): Promise<Service> {
  const lifecycle = new Lifecycle(new OpenReplies())
  const metrics = new Metrics({ models, lifecycle, aliases: config.metricsAliases, droppedLogLines })
  const guard = new Guard({ settings: config, keyring, registry: metrics.registry })
  const context: AppContext = { config, models, lifecycle, metrics, admissions: guard, logLevel }
  const { app } = await createFastifyApp({ settings: config, logger, lifecycle, served: (request) => { metrics.served(request) } })
  watchDropped(app.server, logger, () => { metrics.connectionDropped() })
  addGuard(app, guard)
  await addRoutes(app, () => context)
  return { app, lifecycle }
}
