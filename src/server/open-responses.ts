/** Responses that have not reached their end: what a server that stops waits for. */
import { EventEmitter, once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'

export class OpenResponses {
  readonly #open = new Set<ServerResponse>()
  readonly #events = new EventEmitter()

  constructor (server: Server) {
    server.on('request', (_request, response) => {
      this.#open.add(response)
      response.once('close', () => {
        this.#open.delete(response)
        if (this.#open.size === 0) this.#events.emit('none')
      })
    })
  }

  get count (): number {
    return this.#open.size
  }

  /** Resolves when none is open, or after `timeoutMs`. */
  async allClosed (timeoutMs: number): Promise<void> {
    if (this.#open.size === 0) return
    const signal = AbortSignal.timeout(Math.max(0, Math.ceil(timeoutMs)))
    await once(this.#events, 'none', { signal }).catch(() => {}) // the time is up
  }
}
