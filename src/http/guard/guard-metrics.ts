/** What the guard counts. Labels are names of keys, of which there are as many as operators made; never addresses. */
import { Counter, type Registry } from 'prom-client'
import type { LimitName } from './client.js'

/** Whoever has no key that is known. */
export const NOBODY = 'none'

export class GuardMetrics {
  readonly #requests: Counter
  readonly #positions: Counter
  readonly #refused: Counter

  constructor (registry: Registry) {
    const registers = [registry]
    this.#requests = new Counter({
      name: 'fewstep_key_requests_total',
      help: 'Requests let in, by the name of their key; none: without keys.',
      labelNames: ['key'],
      registers
    })
    this.#positions = new Counter({
      name: 'fewstep_key_positions_total',
      help: 'Work done for them, outputs x steps x padded length.',
      labelNames: ['key'],
      registers
    })
    this.#refused = new Counter({
      name: 'fewstep_refused_total',
      help: 'Requests refused, by the name of their key and the reason: key (none, or a wrong one), or the limit that was reached.',
      labelNames: ['key', 'reason'],
      registers
    })
  }

  letIn (key: string): void {
    this.#requests.inc({ key })
  }

  worked (key: string, positions: number): void {
    this.#positions.inc({ key }, positions)
  }

  refused (key: string, reason: LimitName | 'key'): void {
    this.#refused.inc({ key, reason })
  }
}
