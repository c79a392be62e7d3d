/** One place of a session pool: which worker belongs there, and when the next one is started. */
import type { Clock } from './clock.js'
import type { Session } from './session.js'

const FIRST_PAUSE_MS = 200
const LAST_PAUSE_MS = 10_000

export class Place {
  /** Of its workers. */
  readonly options: Session['options']
  readonly #clock: Clock
  /** Starts that failed and workers that died at once, since one did better. */
  #setbacks = 0
  /** When its worker was ready. */
  #filledAt = 0
  #stepped = false
  #nextAt: number | undefined

  constructor (options: Session['options'], clock: Clock) {
    this.options = options
    this.#clock = clock
  }

  /** When the next worker's start begins or began, in ms of the clock; undefined while there is a worker. */
  get nextAt (): number | undefined {
    return this.#nextAt
  }

  /** A worker is ready. */
  fill (): void {
    this.#filledAt = this.#clock.now()
    this.#stepped = false
    this.#nextAt = undefined
  }

  /** Its worker has taken a step. */
  stepped (): void {
    this.#stepped = true
  }

  /**
   * Its worker died.
   * @returns ms until the next one should start: none after one that served, more and more after those that died at once
   */
  empty (): number {
    const served = this.#stepped || this.#clock.now() - this.#filledAt > LAST_PAUSE_MS
    this.#setbacks = served ? 0 : this.#setbacks + 1
    return this.#pause()
  }

  /**
   * A worker did not start.
   * @returns ms until the next try
   */
  failed (): number {
    this.#setbacks++
    return this.#pause()
  }

  #pause (): number {
    const ms = this.#setbacks === 0 ? 0 : Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#setbacks - 1))
    this.#nextAt = this.#clock.now() + ms
    return ms
  }
}
