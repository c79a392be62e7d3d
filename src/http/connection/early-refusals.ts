/** What is refused before a byte of the body is looked at: so the answer depends on method, path and headers alone. */
import { METHODS } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { shuttingDown } from '../../engine/refusals.js'
import { FewstepError } from '../../errors.js'
import type { App } from '../fastify.js'
import type { Lifecycle } from './lifecycle.js'
import { takesBody } from './unfinished-request.js'

/** Node has sent `100 Continue` where it was asked to; nothing else can be expected. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i

/** Before the routes: it listens to them being declared. */
export function refuseEarly (app: App, lifecycle: Lifecycle): void {
  const methods = new Set<string>()
  app.addHook('onRoute', ({ method }) => { for (const one of [method].flat()) methods.add(one) })
  app.addHook('onRequest', async (request, reply) => {
    checkHeaders(request)
    if (request.is404) throw unknownRoute(app, request, reply, methods)
    if (lifecycle.phase === 'refusing' && takesBody(request.method)) throw shuttingDown()
  })
}

function checkHeaders ({ raw: { headers, httpVersion } }: FastifyRequest): void {
  if (headers.host === undefined && httpVersion === '1.1') {
    throw new FewstepError('invalid_request', 'the header host is missing; ' +
    'HTTP/1.1 requires it')
  }
  if (headers.expect !== undefined && !CONTINUE.test(headers.expect)) {
    throw new FewstepError('expectation_failed', 'the header expect asks for something that this server cannot do; leave it out, or ' +
      'send "expect: 100-continue"')
  }
}

/** 405 where the path is known under other methods, else 404. The router itself is asked, with the path as it came: it is no pattern. */
function unknownRoute (app: App, { url, method }: FastifyRequest, reply: FastifyReply, methods: ReadonlySet<string>): FewstepError {
  const allowed = METHODS.filter((one) => methods.has(one) && app.findRoute({ method: one, url }) !== null)
  const path = (url.split('?', 1)[0] ?? '').slice(0, 200)
  if (allowed.length === 0) return new FewstepError('not_found', `there is nothing at ${method} ${path}; /docs lists what there is`)
  reply.header('allow', allowed.join(', '))
  return new FewstepError('method_not_allowed', `${path} takes ${allowed.join(', ')}, not ${method}`)
}
