/** Listeners of one server, which together have no more connections than the server may have. */
import { createServer, type Server, type Socket } from 'node:net'

/** That none may be opened: 0 stands for any number in Node 20. */
const NONE = -1

/** Besides `first`, whose `maxConnections` is the room of all. */
export class SharedRoom {
  readonly #first: Server
  readonly #most: number
  readonly #open = new Map<Server, number>()
  readonly #elsewhere = new WeakSet<Socket>()

  constructor (first: Server) {
    this.#first = first
    this.#most = first.maxConnections
    this.#open.set(first, 0)
    first.on('connection', (socket: Socket) => { if (!this.#elsewhere.has(socket)) this.#count(first, socket) })
  }

  /** Another one: what connects to it is the first one's connection, what is dropped the first one drops. */
  add (): Server {
    // Like the options that node:http gives its own listener.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#elsewhere.add(socket)
      this.#count(server, socket)
      this.#first.emit('connection', socket)
    })
    server.on('drop', (of) => { this.#first.emit('drop', of) })
    this.#open.set(server, 0)
    this.#share()
    return server
  }

  #count (server: Server, socket: Socket): void {
    const change = (by: number): void => {
      this.#open.set(server, (this.#open.get(server) ?? 0) + by)
      this.#share()
    }
    change(1)
    socket.once('close', () => { change(-1) })
  }

  /** Each has what the others leave. */
  #share (): void {
    const total = [...this.#open.values()].reduce((sum, open) => sum + open, 0)
    for (const [server, open] of this.#open) server.maxConnections = this.#most - (total - open) || NONE
  }
}
