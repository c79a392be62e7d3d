/** Every error leaves in one shape: that of its dialect. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FewstepError } from '../../errors.js'
import type { App } from '../fastify.js'
import { REQUEST_ID_HEADER } from '../log/request-id.js'
import { noteFacts } from '../log/request-log.js'
import { asFewstepError, errorBody, isServerFault } from './error-body.js'

/** The JSON that tells a client of an error. */
export type ToErrorBody = (error: FewstepError, requestId: string) => object

/** Answer with an error. */
export function sendError (
  thrown: unknown, request: FastifyRequest, reply: FastifyReply, bodyLimit: number, toBody: ToErrorBody = errorBody
): FastifyReply {
  const error = asFewstepError(thrown, bodyLimit)
  if (isServerFault(error)) request.log.error({ err: error }, error.message)
  noteFacts(request, { error: error.code })
  reply.headers(retryHeaders(error))
  // Hooks do not run for a path that is no URL.
  reply.header(REQUEST_ID_HEADER, request.id)
  return reply.code(error.statusCode).type('application/json; charset=utf-8').send(toBody(error, request.id))
}

/** When another try is worth it, in all forms that clients read: OpenAI's retry what ends with 429 or 5xx by themselves. */
function retryHeaders ({ statusCode, retryAfterSeconds }: FewstepError): Record<string, string> {
  // The time that the client had for its answer is over.
  if (statusCode === 504) return { 'x-should-retry': 'false' }
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds), 'retry-after-ms': String(1000 * retryAfterSeconds) }
}

/** Errors of routes and hooks. */
export function addErrorHandler (app: App, bodyLimit: () => number, shapeFor: (request: FastifyRequest) => ToErrorBody): void {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, bodyLimit(), shapeFor(request)))
}
