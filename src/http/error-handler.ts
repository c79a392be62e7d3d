/** Every error leaves in one shape. */
import { METHODS } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { FewstepError } from '../errors.js'
import type { App } from './context.js'
import { asFewstepError, errorBody, isServerFault } from './error-body.js'
import { REQUEST_ID_HEADER } from './request-id.js'
import { noteFacts } from './request-log.js'

/** Answer with an error. */
export function sendError (thrown: unknown, request: FastifyRequest, reply: FastifyReply, bodyLimit: number): FastifyReply {
  const error = asFewstepError(thrown, bodyLimit)
  if (isServerFault(error)) request.log.error({ err: error }, error.message)
  noteFacts(request, { error: error.code })
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds))
  // Hooks do not run for a path that is no URL.
  reply.header(REQUEST_ID_HEADER, request.id)
  return reply.code(error.statusCode).type('application/json; charset=utf-8').send(errorBody(error, request.id))
}

/** Errors of routes, unknown paths (404) and known paths under another method (405). */
export function addErrorHandlers (app: App, bodyLimit: number): void {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, bodyLimit))
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?', 1)
    const allowed = METHODS.filter((method) => app.supportedMethods.includes(method) && app.hasRoute({ method, url: path }))
    if (allowed.length === 0) {
      return sendError(new FewstepError('not_found', `there is nothing at ${request.method} ${path.slice(0, 200)}; /docs lists what there is`), request, reply, bodyLimit)
    }
    reply.header('allow', allowed.join(', '))
    return sendError(new FewstepError('method_not_allowed', `${path} takes ${allowed.join(', ')}, not ${request.method}`), request, reply, bodyLimit)
  })
}
