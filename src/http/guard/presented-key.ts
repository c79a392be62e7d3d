/** Where a request carries its key. */
import type { IncomingHttpHeaders } from 'node:http'

const BEARER = /^Bearer +(\S+)$/i

/** The bearer token, or else what X-Api-Key holds; undefined where there is none. */
export function presentedKey ({ authorization = '', 'x-api-key': apiKey }: IncomingHttpHeaders): string | undefined {
  return BEARER.exec(authorization.trim())?.[1] ?? (typeof apiKey === 'string' && apiKey !== '' ? apiKey : undefined)
}
