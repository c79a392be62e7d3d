/** How much longer than expected what waits lately took: steps that were disturbed, and others that were due first. */

const NEWEST_WEIGHT = 0.05
/** A single request says no more than this. */
const LEAST = 0.5
const MOST = 4

export class Lateness {
  #factor = 1

  /** By which an expected time is to be multiplied. */
  get factor (): number {
    return this.#factor
  }

  /** A request took so long, and by costs alone that was expected. Of one that need not wait nothing is learned. */
  observe (expected: { readonly waitMs: number, readonly ownMs: number }, tookMs: number): void {
    if (!(expected.waitMs > 0)) return
    const ratio = tookMs / (expected.waitMs + expected.ownMs)
    this.#factor += NEWEST_WEIGHT * (Math.min(MOST, Math.max(LEAST, ratio)) - this.#factor)
  }
}
