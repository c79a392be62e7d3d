/** Time of a step by its number of rows, for steps that are alike in all else. */

/** Of so many times of one size the third smallest counts: six of them may be as long as they like. */
const WINDOW = 9
/** Sizes that are remembered: those seen last. */
const SIZES = 32
/** Before more is known, the fixed cost of a step is held to be that of so many rows: high, so that larger batches are tried. */
const PRIOR_ROWS = 4

type Level = readonly [rows: number, ms: number]

/**
 * The model: a time that never falls as rows are added.
 *
 * The estimator: at each size seen the lower tercile of its last times, for what disturbs a step only makes it longer, and what
 * was is forgotten; where two sizes contradict the model, the one seen later is right; linear in between; outside in proportion to
 * `PRIOR_ROWS` + rows.
 */
export class SizeCosts {
  /** Rows -> ms; sizes and times in the order in which they were last seen. */
  readonly #recent = new Map<number, readonly number[]>()
  /** Both ascending. */
  #levels: readonly Level[] = []
  #observations = 0

  get observations (): number {
    return this.#observations
  }

  /** Of the sizes seen. */
  get levels (): readonly Level[] {
    return this.#levels
  }

  /** Take a time from elsewhere for known, until it is confirmed or corrected. */
  know (rows: number, ms: number): void {
    this.#see(rows, [ms])
  }

  /** @param expectedMs counts as a first time of its size, so that the real first one, with allocations in it, is not alone; 0: unknown */
  observe (rows: number, ms: number, expectedMs: number): void {
    const recent = this.#recent.get(rows) ?? (expectedMs > 0 ? [expectedMs] : [])
    this.#see(rows, [...recent, ms].slice(-WINDOW))
    this.#observations++
  }

  /** In ms; 0 where nothing is known. */
  estimate (rows: number): number {
    const levels = this.#levels
    const above = levels.findIndex(([size]) => size >= rows)
    const [x1, y1] = levels.at(above) ?? [1, 0]
    const [x0, y0] = levels[above - 1] ?? [x1, y1]
    if (above <= 0) return y1 * (PRIOR_ROWS + rows) / (PRIOR_ROWS + x1)
    return y0 + (y1 - y0) * (rows - x0) / (x1 - x0)
  }

  #see (rows: number, times: readonly number[]): void {
    this.#recent.delete(rows)
    this.#recent.set(rows, times)
    const seen = [...this.#recent].reverse()
    for (const [size] of seen.slice(SIZES)) this.#recent.delete(size)
    this.#levels = seen.slice(0, SIZES).reduce<Level[]>((levels, [size, times]) => withLevel(levels, size, lowerTercile(times)), [])
  }
}

/** Put in its place what must not cost less than smaller ones nor more than larger ones. */
function withLevel (levels: readonly Level[], rows: number, ms: number): Level[] {
  const smaller = levels.filter(([size]) => size < rows)
  const larger = levels.slice(smaller.length)
  const [, atLeast] = smaller.at(-1) ?? [0, 0]
  const [, atMost] = larger[0] ?? [0, Infinity]
  return [...smaller, [rows, Math.min(atMost, Math.max(atLeast, ms))], ...larger]
}

function lowerTercile (values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 3)] ?? 0
}
