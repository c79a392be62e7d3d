/** x-ratelimit-*: what is left to a client. */
import type { FastifyReply } from 'fastify'
import type { LimitName, Standing } from './client.js'

const NAMES: readonly LimitName[] = ['requests', 'positions', 'canvases']

/** What scripts of web pages may read of it. */
export const STANDING_HEADERS = NAMES.flatMap((name) => ['limit', 'remaining', 'reset'].map((what) => headerOf(what, name)))

/** In the manner of OpenAI's; resets are in whole seconds. */
export function tellStanding (reply: FastifyReply, standing: Standing): void {
  for (const name of NAMES) {
    const rest = standing[name]
    if (rest === undefined) continue
    reply.header(headerOf('limit', name), String(rest.limit))
    reply.header(headerOf('remaining', name), String(rest.remaining))
    if (rest.resetSeconds !== undefined) reply.header(headerOf('reset', name), String(rest.resetSeconds))
  }
}

function headerOf (what: string, name: LimitName): string {
  return `x-ratelimit-${what}-${name}`
}
