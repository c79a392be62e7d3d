/** An empty Fastify instance with this service's habits. */
import Fastify, { LogController, type FastifyBaseLogger, type FastifyReply, type FastifyRequest } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Logger } from 'pino'
import type { Config } from '../../config.js'
import { ClientErrors } from '../connection/client-error.js'
import { refuseEarly } from '../connection/early-refusals.js'
import { takeJsonBodies } from '../connection/json-body.js'
import type { Lifecycle } from '../connection/lifecycle.js'
import { cutStalledReaders } from '../connection/stalled-readers.js'
import { addErrorHandler, sendError } from '../errors/error-handler.js'
import type { App } from '../fastify.js'
import { addCors, addSecurityHeaders } from '../guard/browsers.js'
import { trustOf } from '../guard/trusted-proxies.js'
import { echoRequestId, requestIdOf } from '../log/request-id.js'
import { logRequest, type ServedRequest } from '../log/request-log.js'
import { errorShapeAt } from './error-shape.js'

export type ConnectionSettings = Pick<Config,
  'bodyLimit' | 'headerLimit' | 'urlLimit' | 'keepAliveTimeoutMs' | 'requestTimeoutMs' | 'sendTimeoutMs' | 'trustProxy' | 'corsOrigins'>

export interface FastifyAppOptions {
  readonly settings: ConnectionSettings
  readonly logger: Logger
  readonly lifecycle: Lifecycle
  readonly served: (request: ServedRequest) => void
}

/** How long a reader may stall who keeps the server from stopping. */
const LAST_STALL_MS = 5000

/** @returns the app in a box: awaited bare, an app starts */
export async function createFastifyApp ({ settings, logger, lifecycle, served }: FastifyAppOptions): Promise<{ readonly app: App }> {
  const { bodyLimit, headerLimit, urlLimit, keepAliveTimeoutMs, requestTimeoutMs, sendTimeoutMs, trustProxy, corsOrigins } = settings
  const loggerInstance: FastifyBaseLogger = logger
  const { replies } = lifecycle
  const clientErrors = new ClientErrors({ replies, headerLimit, requestTimeoutMs, logger, served })
  const begin = (request: FastifyRequest, reply: FastifyReply): void => {
    replies.add(reply)
    logRequest(request, reply, served)
  }
  // Balancers keep connections: one that they were told to close brings no request to a server that is gone.
  const closeWhileLeaving = (reply: FastifyReply): void => {
    if (lifecycle.phase !== 'serving' && replies.isLast(reply)) reply.header('connection', 'close')
  }
  const app = Fastify({
    loggerInstance,
    bodyLimit,
    trustProxy: trustProxy.length > 0 && trustOf(trustProxy),
    genReqId: requestIdOf,
    requestIdHeader: false,
    routerOptions: {
      // A model's name may have 128 characters, which take two units each at most.
      maxParamLength: 256,
      // Clients join a base that ends in a slash with a path that begins with one; a slash too many asks for nothing else.
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true
    },
    // "*" stands for no path; the router would read it as "/".
    rewriteUrl: ({ url = '/' }) => url === '*' ? '/*' : url,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    keepAliveTimeout: keepAliveTimeoutMs,
    requestTimeout: requestTimeoutMs,
    http: {
      maxHeaderSize: headerLimit,
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, requestTimeoutMs / 4),
      // Node would answer without a body; `refuseEarly` asks for it.
      requireHostHeader: false
    },
    // While draining the engine refuses, and it says so itself.
    return503OnClosing: false,
    // A misspelt or ill-typed option is an error, not a surprise; verbose brings the schema for messages.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false, verbose: true } },
    clientErrorHandler: (error, socket) => { clientErrors.onError(error, socket) },
    // For a path that is no URL, which runs no hooks.
    frameworkErrors: (error, request, reply) => {
      begin(request, reply)
      closeWhileLeaving(reply)
      void sendError(error, request, reply, bodyLimit, errorShapeAt(request.url))
    }
  }).withTypeProvider<TypeBoxTypeProvider>()
  takeJsonBodies(app, bodyLimit)
  addErrorHandler(app, () => bodyLimit, ({ url }) => errorShapeAt(url))
  app.addHook('onRequest', async (request, reply) => { begin(request, reply) })
  app.addHook('onSend', async (_request, reply) => { closeWhileLeaving(reply) })
  await addSecurityHeaders(app)
  echoRequestId(app)
  // Before whatever refuses: a browser asks without a key first, and shows no answer that it may not.
  await addCors(app, corsOrigins)
  refuseEarly(app, lifecycle, urlLimit)
  cutStalledReaders(app, replies, () => lifecycle.phase === 'refusing' ? Math.min(sendTimeoutMs, LAST_STALL_MS) : sendTimeoutMs)
  // Node leaves an unknown expectation to us: the hooks refuse it like anything else.
  app.server.on('checkExpectation', (request, response) => { app.server.emit('request', request, response) })
  app.server.on('connect', (request) => { clientErrors.onConnect(request) })
  return { app }
}
