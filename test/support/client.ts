/** Real HTTP clients for the tests. */
import { connect, type Socket } from 'node:net'
import type { ErrorBody } from '../../src/http/errors/error-schema.js'
import type { Generation, StepEvent } from '../../src/http/native/schemas/generation.js'

export async function post (url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return await fetch(`${url}/v1/generate`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers }
  })
}

/** A request to another route. */
export async function postTo (
  url: string, path: string, body: unknown, { headers = {} }: { readonly headers?: Record<string, string> } = {}
): Promise<Response> {
  return await fetch(url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } })
}

/** One that must fail. */
export async function failureAt (url: string, path: string, body: unknown, init?: Parameters<typeof postTo>[3]): Promise<Failure> {
  const response = await postTo(url, path, body, init)
  const { error } = await response.json() as ErrorBody
  return { status: response.status, headers: response.headers, ...error }
}

/** A generation that must succeed. */
export async function generate (url: string, body: object): Promise<Generation> {
  const response = await post(url, body)
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return await response.json() as Generation
}

export interface Failure extends Partial<ErrorBody['error']> {
  readonly status: number
  readonly headers: Headers
}

/** A generation that must fail. */
export async function failure (url: string, body: unknown, init?: RequestInit): Promise<Failure> {
  const response = await post(url, body, init)
  const { error } = await response.json() as ErrorBody
  return { status: response.status, headers: response.headers, ...error }
}

export type StreamedEvent =
  | { readonly event: 'step', readonly data: StepEvent }
  | { readonly event: 'done', readonly data: Generation }
  | { readonly event: 'error', readonly data: ErrorBody }

/** The events of a stream as they come; comments are left out. */
export async function * eventsOf (response: Response): AsyncGenerator<StreamedEvent, void, undefined> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end)
      text = text.slice(end + 2)
      const match = /^event: (\w+)\ndata: (.*)$/.exec(block)
      if (match !== null) yield { event: match[1], data: JSON.parse(match[2] ?? '') as unknown } as StreamedEvent
    }
  }
}

/** A bare TCP connection that has sent a request for a generation and reads nothing by itself. */
export async function rawRequest (url: string, body: object, headers: string[] = []): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const json = JSON.stringify(body)
  await new Promise<void>((resolve, reject) => { socket.once('connect', resolve).once('error', reject) })
  socket.write(['POST /v1/generate HTTP/1.1', `host: ${hostname}:${port}`, 'content-type: application/json',
    `content-length: ${Buffer.byteLength(json)}`, ...headers, '', json].join('\r\n'))
  return socket
}
