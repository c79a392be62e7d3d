/** Requests to the server, sent again where that is worth it, and answers read or turned into errors. */
import { ConnectionError, errorOf, isErrorBody, unexpectedAnswer, type FewstepError } from './errors.js'
import { backoff, retryAfterMs, retryDelay } from './retry.js'

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface TransportOptions {
  /** Without a slash at its end. */
  readonly base: string
  readonly apiKey: string | undefined
  readonly maxRetries: number
  readonly fetch: Fetch
}

export interface Call {
  readonly path: string
  /** Sent by POST, as JSON; undefined: GET. */
  readonly body?: unknown
  readonly accept: string
  readonly signal: AbortSignal | undefined
}

export interface Answer {
  /** With status 200. */
  readonly response: Response
  /** When the request was sent that was answered, on the clock of `performance.now()`. */
  readonly sentAt: number
}

export class Transport {
  readonly #options: TransportOptions

  constructor (options: TransportOptions) {
    this.#options = options
  }

  /**
   * Until the first byte of an answer has come nothing is lost by trying again: 429, 503 and failed connections are.
   * @throws FewstepError, or the signal's reason
   */
  async send (call: Call): Promise<Answer> {
    const { maxRetries } = this.#options
    for (let attempt = 0; ; attempt++) {
      const sentAt = performance.now()
      const last = attempt >= maxRetries
      const response = await this.#attempt(call, last)
      if (response === undefined) {
        await wait(backoff(attempt, Math.random), call.signal)
        continue
      }
      if (response.status === 200) return { response, sentAt }
      const delay = last ? undefined : retryDelay(response.status, response.headers, attempt, Math.random)
      if (delay === undefined) throw await failure(response, call.signal)
      // Not read, its connection could not be used again.
      await response.text().catch(() => '')
      await wait(delay, call.signal)
    }
  }

  /** @returns undefined: no answer came, and there may be another try */
  async #attempt ({ path, body, accept, signal }: Call, last: boolean): Promise<Response | undefined> {
    const { base, apiKey, fetch } = this.#options
    try {
      return await fetch(base + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` })
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal })
      })
    } catch (error) {
      signal?.throwIfAborted()
      if (!last) return undefined
      throw connectionFailed(base, error)
    }
  }
}

/** @throws ConnectionError where it breaks off, or the signal's reason */
export async function textOf (response: Response, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await response.text()
  } catch (error) {
    signal?.throwIfAborted()
    throw new ConnectionError('the answer broke off', { code: 'connection_failed', status: response.status, cause: error })
  }
}

/** @throws FewstepError where the answer is no JSON */
export async function jsonOf (response: Response, signal: AbortSignal | undefined): Promise<unknown> {
  const text = await textOf(response, signal)
  try {
    return JSON.parse(text)
  } catch {
    throw unexpectedAnswer(response.status, text)
  }
}

async function failure (response: Response, signal: AbortSignal | undefined): Promise<FewstepError> {
  const { status, headers } = response
  const text = await textOf(response, signal)
  const facts = { status, retryAfterMs: retryAfterMs(headers, Date.now()) }
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {}
  if (isErrorBody(body)) return errorOf(body, facts)
  return unexpectedAnswer(status, text, { ...facts, requestId: headers.get('x-request-id') ?? undefined })
}

/** Of what `fetch` throws, the cause says more. */
function connectionFailed (base: string, error: unknown): ConnectionError {
  const { cause, message } = error as Error
  const why = cause instanceof Error && cause.message !== '' ? cause.message : (cause as { code?: string } | undefined)?.code ?? message
  return new ConnectionError(`no answer from ${base === '' ? 'the server' : base}: ${why}`, { code: 'connection_failed', cause: error })
}

async function wait (ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
  signal?.throwIfAborted()
}
