/** How much longer than expected what waits lately took, and how far that can be relied on. */

const NEWEST_WEIGHT = 0.05
/** A single request says no more than this. */
const LEAST = 0.5
const MOST = 4
/** Share of those with deadlines that may miss them. */
const MISSES = 0.01
/** Of the margin, in its logarithm, by each that misses its deadline. */
const STEP = 0.1
const MOST_MARGIN = 4

interface Expected {
  readonly workMs: number
  readonly waitMs: number
  readonly ownMs: number
}

export class Lateness {
  #factor = 1
  #margin = 1

  /** By which an expected time is to be multiplied: steps were disturbed, and others were due first. */
  get factor (): number {
    return this.#factor
  }

  /**
   * The same, with a margin such that of those that were let in to the last moment 99 of 100 meet their deadlines. To meet it on average
   * would mean that half of them do not, and under lasting overload all are let in to the last moment.
   */
  get cautious (): number {
    return this.#factor * this.#margin
  }

  /**
   * A request took so long, and by costs alone that was expected. Of one that need not wait nothing is learned about times, and of one that
   * is alone nothing at all.
   * @param inTime whether it met its deadline, if it had one: each that misses it widens the margin as much as 99 that do not narrow it
   */
  observe ({ workMs, waitMs, ownMs }: Expected, tookMs: number, inTime?: boolean): void {
    if (waitMs > 0) {
      const ratio = tookMs / (waitMs + ownMs)
      this.#factor += NEWEST_WEIGHT * (Math.min(MOST, Math.max(LEAST, ratio)) - this.#factor)
    }
    if (inTime === undefined || !(workMs > 0)) return
    this.#margin *= Math.exp(STEP * (inTime ? -MISSES : 1 - MISSES))
    this.#margin = Math.min(MOST_MARGIN, Math.max(1, this.#margin))
  }
}
