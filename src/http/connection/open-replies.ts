/** Replies that have not reached their end, connection by connection. */
import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'

interface Connection {
  /** Of its requests, in their order: the first holds the socket, the others (of pipelined requests) wait for it. */
  readonly replies: Set<FastifyReply>
  /** Whose body has not come whole, perhaps of a request that is answered already. */
  unread?: IncomingMessage | undefined
}

export class OpenReplies implements Iterable<FastifyReply> {
  readonly #connections = new Map<Socket, Connection>()
  readonly #events = new EventEmitter()
  #count = 0

  get count (): number {
    return this.#count
  }

  * [Symbol.iterator] (): Iterator<FastifyReply> {
    for (const { replies } of this.#connections.values()) yield * replies
  }

  /** Those of a connection, in the order of their requests. */
  of (socket: Socket): FastifyReply[] {
    return [...this.#connections.get(socket)?.replies ?? []]
  }

  /** Whether no other answer is to follow over its connection, as far as is known. */
  isLast (reply: FastifyReply): boolean {
    return this.of(reply.request.raw.socket).at(-1) === reply
  }

  /** Whether what comes over a connection belongs to a request that is answered already. */
  isUnread (socket: Socket): boolean {
    return this.#connections.get(socket)?.unread?.complete === false
  }

  /** To be told of every request, when its headers have come. */
  add (reply: FastifyReply): void {
    const { raw: request } = reply.request
    const connection = this.#connectionOf(request.socket)
    connection.replies.add(reply)
    this.#count++
    reply.raw.once('close', () => {
      connection.replies.delete(reply)
      connection.unread = request.complete ? undefined : request
      this.#count--
      if (this.#count === 0) this.#events.emit('none')
    })
  }

  /** Resolves when none is open, or after `timeoutMs`. */
  async allClosed (timeoutMs: number): Promise<void> {
    if (this.#count === 0) return
    const signal = AbortSignal.timeout(Math.max(0, Math.ceil(timeoutMs)))
    await once(this.#events, 'none', { signal }).catch(() => {}) // the time is up
  }

  /** Close every connection as soon as the answers to its requests are out. */
  closeConnections (): void {
    for (const { replies } of this.#connections.values()) {
      const last = [...replies].at(-1)
      if (last !== undefined) closeAfter(last)
    }
  }

  #connectionOf (socket: Socket): Connection {
    const known = this.#connections.get(socket)
    if (known !== undefined) return known
    const connection: Connection = { replies: new Set() }
    this.#connections.set(socket, connection)
    socket.once('close', () => {
      this.#connections.delete(socket)
      abandon(connection)
    })
    return connection
  }
}

/** Close the connection when this answer, the last one, is out. */
export function closeAfter ({ raw, request }: FastifyReply): void {
  const { socket } = request.raw
  raw.shouldKeepAlive = false
  // Of an answer whose head is out already Node does not.
  raw.once('finish', () => { socket.destroySoon() })
}

/**
 * Node tells the one response that holds the socket that this has closed. Those queued behind it would never hear of it, and
 * whoever waits for their end (the log, a generation, a server that stops) would wait for ever.
 */
function abandon ({ replies }: Connection): void {
  for (const { raw } of [...replies]) {
    if (raw.socket !== null || raw.writableFinished) continue
    raw.destroy()
    raw.emit('close')
  }
}
