/** Whether and when a request that found no answer is sent again. */

/** A server that asks for more patience than this is not waited for. */
export const MAX_WAIT_MS = 60_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 8_000
const RETRIED = new Set([429, 503])

/**
 * What the answer says: `x-should-retry` decides where it is there, else 429 and 503 are worth another try.
 * @returns milliseconds to wait; undefined: do not try again
 */
export function retryDelay (status: number, headers: Headers, attempt: number, random: () => number): number | undefined {
  const should = headers.get('x-should-retry')
  if (should === 'false' || (should !== 'true' && !RETRIED.has(status))) return undefined
  const asked = retryAfterMs(headers, Date.now())
  if (asked === undefined) return backoff(attempt, random)
  return asked <= MAX_WAIT_MS ? asked : undefined
}

/** Twice as long each time, less up to a quarter, so that clients refused together do not come back together. */
export function backoff (attempt: number, random: () => number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (1 - random() / 4)
}

/**
 * `retry-after-ms`, or `retry-after`: seconds, or a date (RFC 9110, 10.2.3).
 * @param now milliseconds since 1970
 */
export function retryAfterMs (headers: Headers, now: number): number | undefined {
  const precise = number(headers.get('retry-after-ms'))
  if (precise !== undefined) return precise
  const text = headers.get('retry-after')
  const seconds = number(text)
  if (seconds !== undefined) return 1000 * seconds
  // Whatever else Date.parse takes for a date, -1 among it.
  const date = text?.endsWith(' GMT') === true ? Date.parse(text) : NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

function number (text: string | null): number | undefined {
  return text !== null && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
}
