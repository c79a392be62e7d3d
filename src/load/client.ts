/** Sends generations over kept-alive connections and notes when what came back. */
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { ErrorBody, Generation } from '../client/index.js'
import { EventReader } from './event-reader.js'

/** What is kept of a generation. */
export interface GenerationFacts {
  readonly tokens: number
  /** Of each output. */
  readonly steps: readonly number[]
  readonly queueMs: number
  readonly computeMs: number
  readonly totalMs: number
}

export interface Answer {
  /** An HTTP status, or of a stream that failed its error's code, `timeout`, `interrupted`, or the code of a network error. */
  readonly status: string
  /** In ms of performance.now(). */
  readonly doneAt: number
  /** When the first refinement of a stream came. */
  readonly refinedAt?: number | undefined
  readonly generation?: GenerationFacts
  /** What the server said about an error. */
  readonly message?: string
}

type End = 'timeout' | 'interrupted'

export class Client {
  readonly #url: URL
  readonly #timeoutMs: number
  readonly #authorization: { readonly authorization?: string }
  readonly #agent: HttpAgent
  /** Ends each request under way. */
  readonly #active = new Set<(end: End) => void>()

  /** @param apiKey sent as a bearer token */
  constructor (url: URL, timeoutMs: number, apiKey?: string) {
    this.#url = url
    this.#authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
    this.#timeoutMs = timeoutMs
    const Agent = url.protocol === 'https:' ? HttpsAgent : HttpAgent
    this.#agent = new Agent({ keepAlive: true, maxFreeSockets: Infinity })
  }

  get inFlight (): number {
    return this.#active.size
  }

  /** Never rejects: whatever happens is an answer. */
  async post (body: string): Promise<Answer> {
    const request = (this.#url.protocol === 'https:' ? httpsRequest : httpRequest)(this.#url, {
      method: 'POST',
      agent: this.#agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...this.#authorization }
    })
    let ended: End | undefined
    const end = (why: End): void => {
      ended = why
      request.destroy(new Error(why))
    }
    const timer = setTimeout(end, this.#timeoutMs, 'timeout')
    this.#active.add(end)
    try {
      return await readAnswer(await responseOf(request, body))
    } catch (error) {
      const { code = 'error', message } = error as NodeJS.ErrnoException
      // The server closed a kept-alive connection just when it was taken again: no fault of this request.
      if (ended === undefined && request.reusedSocket && code === 'ECONNRESET') return await this.post(body)
      return ended === undefined ? { status: code, doneAt: performance.now(), message } : { status: ended, doneAt: performance.now() }
    } finally {
      clearTimeout(timer)
      this.#active.delete(end)
    }
  }

  /** Give up what is under way. */
  interrupt (): void {
    for (const end of this.#active) end('interrupted')
  }

  close (): void {
    this.#agent.destroy()
  }
}

async function responseOf (request: ClientRequest, body: string): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    // Stays on: an error after the response has come is the response's to report.
    request.on('error', reject)
    request.on('response', resolve)
    request.end(body)
  })
}

async function readAnswer (response: IncomingMessage): Promise<Answer> {
  const streamed = response.headers['content-type']?.startsWith('text/event-stream') === true
  return streamed ? await readStream(response) : await readJson(response)
}

async function readJson (response: IncomingMessage): Promise<Answer> {
  let text = ''
  response.setEncoding('utf8')
  for await (const chunk of response) text += chunk as string
  const doneAt = performance.now()
  const status = String(response.statusCode)
  if (status !== '200') return { status, doneAt, message: messageOf(text) }
  return { status, doneAt, generation: parseGeneration(text) }
}

async function readStream (response: IncomingMessage): Promise<Answer> {
  const reader = new EventReader()
  let refinedAt: number | undefined
  response.setEncoding('utf8')
  for await (const chunk of response) {
    reader.push(chunk as string)
    if (reader.refined) refinedAt ??= performance.now()
  }
  const doneAt = performance.now()
  if (reader.final === undefined) return { status: 'cut_short', doneAt, refinedAt }
  const { event, data } = reader.final
  if (event === 'done') return { status: String(response.statusCode), doneAt, refinedAt, generation: parseGeneration(data) }
  const { error } = JSON.parse(data) as ErrorBody
  return { status: error.code, doneAt, refinedAt, message: error.message }
}

/** @throws Error where something else than this service answered */
function parseGeneration (text: string): GenerationFacts {
  const { object, outputs, usage, timings } = JSON.parse(text) as Generation
  if (object as string !== 'generation') throw new Error(`the answer is no generation: ${text.slice(0, 200)}`)
  return {
    tokens: usage.completion_tokens,
    steps: outputs.map(({ steps }) => steps),
    queueMs: timings.queue_ms,
    computeMs: timings.compute_ms,
    totalMs: timings.total_ms
  }
}

function messageOf (text: string): string {
  try {
    return (JSON.parse(text) as Partial<ErrorBody>).error?.message ?? text.slice(0, 200)
  } catch {
    return text.slice(0, 200)
  }
}
