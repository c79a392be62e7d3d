/** Requests whose bodies have not come whole: they can be answered without. */
import type { FastifyReply } from 'fastify'
import type { FewstepError } from '../../errors.js'

/** Fastify does not wait for theirs. */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'TRACE'])

export function takesBody (method: string): boolean {
  return !BODILESS.has(method)
}

/** Whether a request waits for the rest of its body, and nothing has been answered yet. */
export function isUnfinished ({ request, raw, sent }: FastifyReply): boolean {
  return !request.raw.complete && takesBody(request.method) && !sent && !raw.headersSent
}

/**
 * Answer a request that is unfinished, in its route's shape of errors, and close its connection: what still comes of it cannot be told from
 * a new request.
 */
export function refuseUnfinished (reply: FastifyReply, error: FewstepError): void {
  void reply.header('connection', 'close').send(error)
}
