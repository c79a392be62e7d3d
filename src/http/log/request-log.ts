/** One line of the log and one count of the metrics for each request: numbers, never text, bodies or query strings. */
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FewstepError } from '../../errors.js'

/** What a request came to. */
export interface ServedRequest {
  readonly method: string
  readonly route: string
  /** 499 where the client left before the end; of a stream that failed, its error's. */
  readonly status: number
  readonly seconds: number
}

/** What a route tells of a request: sizes, timings, codes. */
export type Facts = Readonly<Record<string, string | number | boolean>>

const facts = new WeakMap<IncomingMessage, Facts>()

/** Add to the line that the log will have of a request. */
export function noteFacts ({ raw }: Pick<FastifyRequest, 'raw'>, more: Facts): void {
  facts.set(raw, { ...facts.get(raw), ...more })
}

/** What has been told of it so far. */
export function notedFacts ({ raw }: Pick<FastifyRequest, 'raw'>): Facts {
  return facts.get(raw) ?? {}
}

/** What a request came to whose response has closed: as told, 499 where the client left before the end, or the response's. */
export function statusOf (request: FastifyRequest, { raw, statusCode }: FastifyReply): number {
  return Number(notedFacts(request)['status'] ?? (raw.writableFinished ? statusCode : 499))
}

/** A stream that fails told its client 200 long ago: what it came to is its error's status. */
export function noteFailure (request: FastifyRequest, { code, statusCode }: FewstepError): void {
  noteFacts(request, { error: code, status: statusCode })
}

/** Asked every few seconds by machines: of interest only when somebody looks for them. */
const QUIET = /^\/metrics|\/health\/|\/ready$/

/** The response's close is the one event that comes always and once, also where the client leaves in the middle. */
export function logRequest (request: FastifyRequest, reply: FastifyReply, served: (request: ServedRequest) => void): void {
  const begin = performance.now()
  reply.raw.once('close', () => {
    const left = !reply.raw.writableFinished
    const { method } = request
    const route = request.routeOptions.url ?? 'unmatched'
    const noted = notedFacts(request)
    const status = statusOf(request, reply)
    const ms = performance.now() - begin
    served({ method, route, status, seconds: ms / 1000 })
    const line = { method, route, duration_ms: Math.round(ms * 10) / 10, ...noted, status }
    const how = noted['cut_off'] === undefined ? 'client left' : 'cut off'
    request.log[QUIET.test(route) && status < 500 ? 'debug' : 'info'](line, left ? how : 'request')
  })
}
