/** Metrics of the process itself. Reading them costs more than all of fewstep's own, so they are read once a second at most. */
import { collectDefaultMetrics, Registry } from 'prom-client'

const FRESH_MS = 1000

export class ProcessMetrics {
  readonly #registry = new Registry()
  readonly #now: () => number
  #text: Promise<string> | undefined
  #readAt = -Infinity

  /** @param now ms on a clock that only goes forward */
  constructor (now: () => number = () => performance.now()) {
    this.#now = now
    collectDefaultMetrics({ register: this.#registry })
  }

  /** Prometheus' text, of this second. */
  async text (): Promise<string> {
    if (this.#text === undefined || this.#now() - this.#readAt >= FRESH_MS) {
      this.#readAt = this.#now()
      this.#text = this.#registry.metrics()
    }
    return await this.#text
  }
}
