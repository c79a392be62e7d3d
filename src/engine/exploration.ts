/** Now and then a batch of another size than is thought best: what is never run would never be corrected. */

/** A prime, so that it does not fall into step with requests of 8 or 16 steps. */
const EVERY = 17
/** Mostly larger: that a size is too large shows when it runs, that it is too small does not. */
const FACTORS = [2, 4, 3 / 2, 1 / 2] as const

/**
 * How many rows the next batch of a kind takes: `best`, but in every 17th in turn twice, four times, one and a half times and half as many.
 * @param turn batches of the kind so far; no more is needed to decide, so a run can be repeated
 */
export function rowsToTry (turn: number, best: number, maxRows: number): number {
  if (turn % EVERY < EVERY - 1) return best
  const factor = FACTORS[Math.floor(turn / EVERY) % FACTORS.length] ?? 1
  return Math.max(1, Math.min(maxRows, Math.round(best * factor)))
}
