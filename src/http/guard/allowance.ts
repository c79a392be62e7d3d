/** So much a minute: a leaky bucket, filled by what is taken, drained evenly. */

/** What is left of a limit. */
export interface Rest {
  readonly limit: number
  readonly remaining: number
  /** Until all of it is there again, if nothing more is taken; undefined where nobody knows. */
  readonly resetSeconds: number | undefined
}

const MINUTE_MS = 60_000

/** A whole minute's worth may be taken at once; what was taken comes back over the minute after. Times are in ms of one clock. */
export class Allowance {
  readonly perMinute: number
  #taken = 0
  #drainedAt = 0

  constructor (perMinute: number) {
    this.perMinute = perMinute
  }

  /** @returns whether there was enough of it; what is refused takes nothing */
  take (amount: number, now: number): boolean {
    if (this.#drained(now) + amount > this.perMinute) return false
    this.#taken += amount
    return true
  }

  giveBack (amount: number, now: number): void {
    this.#taken = Math.max(0, this.#drained(now) - amount)
  }

  /** Until so much could be taken, where nobody else takes of it; Infinity where that is more than a minute's worth. */
  waitMs (amount: number, now: number): number {
    if (amount > this.perMinute) return Infinity
    return Math.max(0, this.#drained(now) + amount - this.perMinute) / this.perMinute * MINUTE_MS
  }

  rest (now: number): Rest {
    const taken = this.#drained(now)
    return {
      limit: this.perMinute,
      remaining: Math.max(0, Math.floor(this.perMinute - taken)),
      resetSeconds: Math.ceil(taken / this.perMinute * MINUTE_MS / 1000)
    }
  }

  #drained (now: number): number {
    const drained = (now - this.#drainedAt) / MINUTE_MS * this.perMinute
    this.#drainedAt = now
    this.#taken = Math.max(0, this.#taken - drained)
    return this.#taken
  }
}
