/** An empty Fastify instance with this service's habits. */
import Fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Logger } from 'pino'
import type { App } from './context.js'
import { addErrorHandlers, sendError } from './error-handler.js'
import { takeJsonBodies } from './json-body.js'
import { echoRequestId, requestIdOf } from './request-id.js'

export interface FastifyAppOptions {
  /** In bytes. */
  readonly bodyLimit: number
  readonly logger: Logger
}

export function createFastifyApp ({ bodyLimit, logger }: FastifyAppOptions): App {
  const loggerInstance: FastifyBaseLogger = logger
  const app = Fastify({
    loggerInstance,
    bodyLimit,
    genReqId: requestIdOf,
    requestIdHeader: false,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    // While draining the engine refuses; health stays reachable to the end.
    return503OnClosing: false,
    // A misspelt or ill-typed option is an error, not a surprise; verbose brings the schema for messages.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false, verbose: true } },
    frameworkErrors: (error, request, reply) => { void sendError(error, request, reply, bodyLimit) }
  }).withTypeProvider<TypeBoxTypeProvider>()
  takeJsonBodies(app, bodyLimit)
  echoRequestId(app)
  addErrorHandlers(app, bodyLimit)
  return app
}
