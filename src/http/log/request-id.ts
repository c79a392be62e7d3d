/** Request ids: taken from the client where they are sane, else made; on every response and every line of the log. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { App } from '../fastify.js'

export const REQUEST_ID_HEADER = 'x-request-id'
/** Nothing that could break a line of a log or grow one. */
const SANE = /^[\w.:/+=@-]{1,128}$/

export function requestIdOf ({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers[REQUEST_ID_HEADER]
  return typeof given === 'string' && SANE.test(given) ? given : randomUUID()
}

export function echoRequestId (app: App): void {
  app.addHook('onRequest', async (request, reply) => { reply.header(REQUEST_ID_HEADER, request.id) })
}
