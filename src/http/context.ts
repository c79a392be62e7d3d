/** What the routes work with. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Config } from '../config.js'
import type { LoadedModels } from '../loaded-models.js'
import type { Metrics } from './metrics.js'

export interface AppContext {
  readonly config: Pick<Config, 'sseKeepaliveMs' | 'bodyLimit'>
  readonly models: LoadedModels
  readonly metrics: Metrics
}

/** Routes ask for the context when they serve, not when they are declared: they can be described without a model. */
export type ContextSource = () => AppContext

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>
