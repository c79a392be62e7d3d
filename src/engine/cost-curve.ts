/** What a step costs: measured at warm-up, corrected by every step that runs. */

/** Weight of a new measurement against what is known of the same shape. */
const NEWEST_WEIGHT = 0.1
/** A batch is large enough when it does this share of the best throughput: the rest is bought with everybody's latency. */
const GOOD_THROUGHPUT = 0.95

export interface CostPoint {
  readonly rows: number
  readonly paddedLength: number
  /** Whether the step sorted the posterior, for top-k or top-p; absent: it did not. */
  readonly filters?: boolean
  readonly ms: number
}

/** Rows -> ms, rows ascending. */
type Curve = ReadonlyMap<number, number>

/**
 * Time of one step by rows and padded length, in ms; steps that filter have curves of their own. Knows nothing until it
 * has observed something.
 */
export class CostCurve {
  /** By padded length. */
  readonly #plain = new Map<number, Curve>()
  readonly #filtering = new Map<number, Curve>()
  /** Answers of `efficientRows` until the next observation: it is asked for every row of every batch. */
  readonly #efficientRows = new Map<string, number>()

  constructor (points: Iterable<CostPoint> = []) {
    for (const point of points) this.observe(point)
  }

  /** What is known of steps that do not filter. */
  get points (): CostPoint[] {
    return [...this.#plain].flatMap(([paddedLength, curve]) => [...curve].map(([rows, ms]) => ({ rows, paddedLength, ms })))
  }

  observe ({ rows, paddedLength, filters = false, ms }: CostPoint): void {
    this.#efficientRows.clear()
    const curves = filters ? this.#filtering : this.#plain
    const curve = new Map(curves.get(paddedLength))
    const known = curve.get(rows)
    curve.set(rows, known === undefined ? ms : known + NEWEST_WEIGHT * (ms - known))
    curves.set(paddedLength, new Map([...curve].sort(([a], [b]) => a - b)))
  }

  /**
   * Expected time of a step in ms; 0 where nothing is known.
   *
   * Between observed row counts linear; beyond the largest in proportion to the rows; at a length never observed as at the
   * nearest one with as many tokens; filtering, where that was never observed, as not.
   */
  estimate (rows: number, paddedLength: number, filters: boolean = false): number {
    const curves = filters && this.#filtering.size > 0 ? this.#filtering : this.#plain
    const curve = curves.get(paddedLength)
    if (curve !== undefined) return interpolate(curve, rows)
    const nearest = nearestLength(curves.keys(), paddedLength)
    return nearest === undefined ? 0 : this.estimate(rows * paddedLength / nearest, nearest, filters)
  }

  /** The smallest batch of up to `maxRows` rows whose throughput is close to the best. */
  efficientRows (paddedLength: number, maxRows: number, filters: boolean = false): number {
    if (this.#plain.size === 0) return maxRows
    const key = `${paddedLength} ${maxRows} ${filters}`
    const known = this.#efficientRows.get(key)
    if (known !== undefined) return known
    const throughputs = Array.from({ length: maxRows }, (_, i) => (i + 1) / this.estimate(i + 1, paddedLength, filters))
    const enough = GOOD_THROUGHPUT * Math.max(...throughputs)
    const rows = throughputs.findIndex((throughput) => throughput >= enough) + 1
    this.#efficientRows.set(key, rows)
    return rows
  }
}

function nearestLength (lengths: Iterable<number>, paddedLength: number): number | undefined {
  const distance = (length: number): number => Math.abs(Math.log(length / paddedLength))
  return [...lengths].sort((a, b) => distance(a) - distance(b))[0]
}

function interpolate (curve: Curve, rows: number): number {
  let [x0, y0] = [0, 0]
  for (const [x, y] of curve) {
    // Below the smallest observation a batch costs as much as that one.
    if (x >= rows) return x0 === 0 ? y : y0 + (y - y0) * (rows - x0) / (x - x0)
    ;[x0, y0] = [x, y]
  }
  return y0 * rows / x0
}
