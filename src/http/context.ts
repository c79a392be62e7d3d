/** What the routes work with. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Config } from '../config.js'
import type { LoadedModels } from '../loaded-models.js'
import type { Lifecycle } from './lifecycle.js'
import type { Metrics } from './metrics.js'

export interface AppContext {
  readonly config: Pick<Config, 'sseKeepaliveMs' | 'bodyLimit' | 'readyWhen'>
  readonly models: LoadedModels
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
}

/** Routes ask for the context when they serve, not when they are declared: they can be described without a model. */
export type ContextSource = () => AppContext

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>
