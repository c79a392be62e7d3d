/** What is refused before a byte of the body is looked at: so the answer depends on method, path and headers alone. */
import { METHODS } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { shuttingDown } from '../../engine/refusals.js'
import { FewstepError } from '../../errors.js'
import type { App } from '../fastify.js'
import type { Lifecycle } from './lifecycle.js'
import { takesBody } from './unfinished-request.js'

/** No route of ours: @fastify/cors declares it, so that preflights come to its hook. */
const EVERY_PATH = '*'

/** Node has sent `100 Continue` where it was asked to; nothing else can be expected. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i

/**
 * Before the routes: it listens to them being declared.
 * @param urlLimit in bytes
 */
export function refuseEarly (app: App, lifecycle: Lifecycle, urlLimit: number): void {
  const methods = new Set<string>()
  app.addHook('onRoute', ({ url, method }) => {
    if (url === EVERY_PATH) return
    for (const one of [method].flat()) methods.add(one)
  })
  app.addHook('onRequest', async (request, reply) => {
    checkHeaders(request)
    if (request.url.length > urlLimit) {
      throw new FewstepError('url_too_long', `the URL is longer than the limit of ${urlLimit} bytes; what is long belongs into the body`)
    }
    if (request.is404 || request.routeOptions.url === EVERY_PATH) throw unknownRoute(app, request, reply, methods)
    if (lifecycle.phase === 'refusing' && takesBody(request.method)) throw shuttingDown()
  })
  // What a route finds only by looking, as a file of the page.
  app.setNotFoundHandler(({ method, url }) => { throw nothingAt(method, pathOf(url)) })
}

function checkHeaders ({ raw: { headers, httpVersion } }: FastifyRequest): void {
  if (headers.host === undefined && httpVersion === '1.1') {
    throw new FewstepError('invalid_request', 'the header host is missing; HTTP/1.1 requires it')
  }
  if (headers.expect !== undefined && !CONTINUE.test(headers.expect)) {
    throw new FewstepError('expectation_failed', 'the header expect asks for something that this server cannot do; leave it out, or ' +
      'send "expect: 100-continue"')
  }
}

/** 405 where the path is known under other methods, else 404. The router itself is asked, with the path as it came: it is no pattern. */
function unknownRoute (app: App, { url, method }: FastifyRequest, reply: FastifyReply, methods: ReadonlySet<string>): FewstepError {
  const allowed = METHODS.filter((one) => methods.has(one) && app.findRoute({ method: one, url }) !== null)
  const path = pathOf(url)
  if (allowed.length === 0) return nothingAt(method, path)
  reply.header('allow', allowed.join(', '))
  return new FewstepError('method_not_allowed', `${path} takes ${allowed.join(', ')}, not ${method}`)
}

function nothingAt (method: string, path: string): FewstepError {
  return new FewstepError('not_found', `there is nothing at ${method} ${path}; /docs lists what there is`)
}

function pathOf (url: string): string {
  return (url.split('?', 1)[0] ?? '').slice(0, 200)
}
