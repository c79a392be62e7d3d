/** What goes wrong below the router, where there is no request yet, or only half of one. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import type { Logger } from 'pino'
import { FewstepError } from '../../errors.js'
import { errorBody } from '../errors/error-body.js'
import { REQUEST_ID_HEADER, requestIdOf } from '../log/request-id.js'
import type { ServedRequest } from '../log/request-log.js'
import { closeAfter, type OpenReplies } from './open-replies.js'
import { isUnfinished, refuseUnfinished } from './unfinished-request.js'

export interface ClientErrorOptions {
  readonly replies: OpenReplies
  /** In bytes. */
  readonly headerLimit: number
  readonly requestTimeoutMs: number
  readonly logger: Logger
  readonly served: (request: ServedRequest) => void
}

/** How long a client may take to read its last answer; what it still sends meanwhile is dropped. */
const LINGER_MS = 1000

/** Answers in the shape of all others, and never between or into the answers to other requests of the same connection. */
export class ClientErrors {
  readonly #options: ClientErrorOptions
  /** Connections of which no further request is understood: they close as soon as they have no answer to wait for. */
  readonly #givenUp = new WeakSet<Socket>()

  constructor (options: ClientErrorOptions) {
    this.#options = options
  }

  /** Of Node's `clientError`: the parser gave up, a request did not come in time, or the connection broke. */
  onError (error: Error & { readonly code?: string }, socket: Socket): void {
    const { code = '' } = error
    const wasParsing = code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT'
    if (socket.destroyed || !wasParsing) {
      socket.destroy(error)
      return
    }
    const last = this.#options.replies.of(socket).at(-1)
    if (last !== undefined && isUnfinished(last)) refuseUnfinished(last, this.#explain(error))
    else if (last === undefined) this.#answer(socket, this.#explain(error))
    else if (socket.readableEnded) socket.destroy() // as Node does for everybody who closes his half while he waits
    else this.#closeAfter(last, socket)
  }

  /** Of Node's `connect`, which would otherwise be a connection that closes without a word. */
  onConnect (request: IncomingMessage): void {
    const { socket, url = '' } = request
    socket.on('error', () => { socket.destroy() }).resume() // Node has let go of it
    const last = this.#options.replies.of(socket).at(-1)
    if (last !== undefined) this.#closeAfter(last, socket)
    else this.#answer(socket, new FewstepError('not_found', `there is nothing at CONNECT ${url.slice(0, 200)}; this is no proxy`), request)
  }

  /** Other answers are under way: they are not to blame, so they are finished. */
  #closeAfter (last: FastifyReply, socket: Socket): void {
    if (this.#givenUp.has(socket)) return
    this.#givenUp.add(socket)
    closeAfter(last)
  }

  #answer (socket: Socket, error: FewstepError, request?: IncomingMessage): void {
    // Nothing was asked (a connection opened in advance), or it has been answered.
    if (socket.bytesRead === 0 || this.#options.replies.isUnread(socket) || !socket.writable) socket.destroy()
    if (socket.destroyed || this.#givenUp.has(socket)) return
    this.#givenUp.add(socket)
    const id = request === undefined ? randomUUID() : requestIdOf(request)
    socket.end(rawResponse(error, id))
    const linger = setTimeout(() => { socket.destroy() }, LINGER_MS)
    socket.once('close', () => { clearTimeout(linger) })
    const { logger, served } = this.#options
    const line = { method: request?.method ?? 'unknown', route: 'unmatched', status: error.statusCode }
    served({ ...line, seconds: 0 })
    logger.info({ request_id: id, ...line, error: error.code }, 'request')
  }

  #explain ({ code, message }: Error & { readonly code?: string }): FewstepError {
    const { requestTimeoutMs, headerLimit } = this.#options
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      return new FewstepError('request_timeout', `the request had not arrived whole after ${requestTimeoutMs} ms; send it at once`)
    }
    if (code === 'HPE_HEADER_OVERFLOW') {
      return new FewstepError('headers_too_large', `the request line and the headers are larger than ${headerLimit} bytes; shorten them`)
    }
    if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') {
      return new FewstepError('body_too_large', 'the chunks of the request body have extensions that are too large; send none')
    }
    if (code === 'HPE_INVALID_EOF_STATE') return new FewstepError('invalid_request', 'the request ended before it was whole')
    return new FewstepError('invalid_request', `the request is not valid HTTP: ${message.replace(/^Parse Error: /, '')}`)
  }
}

function rawResponse (error: FewstepError, requestId: string): string {
  const body = JSON.stringify(errorBody(error, requestId))
  return [
    `HTTP/1.1 ${error.statusCode} ${STATUS_CODES[error.statusCode] ?? ''}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `${REQUEST_ID_HEADER}: ${requestId}`,
    'connection: close',
    '',
    body
  ].join('\r\n')
}
