/** What a step costs: measured at warm-up, corrected by every step that runs. */

/** Weight of a new measurement against what is known of the same shape. */
const NEWEST_WEIGHT = 0.1
/** A batch is large enough when it does this share of the best throughput: the rest is bought with everybody's latency. */
const GOOD_THROUGHPUT = 0.95

export interface CostPoint {
  readonly rows: number
  readonly paddedLength: number
  readonly ms: number
}

/** Time of one step by rows and padded length, in ms. Knows nothing until it has observed something. */
export class CostCurve {
  /** Padded length -> rows -> ms, rows ascending. */
  readonly #lengths = new Map<number, Map<number, number>>()

  constructor (points: Iterable<CostPoint> = []) {
    for (const point of points) this.observe(point)
  }

  get points (): CostPoint[] {
    return [...this.#lengths].flatMap(([paddedLength, curve]) => [...curve].map(([rows, ms]) => ({ rows, paddedLength, ms })))
  }

  observe ({ rows, paddedLength, ms }: CostPoint): void {
    const curve = this.#lengths.get(paddedLength) ?? new Map<number, number>()
    const known = curve.get(rows)
    curve.set(rows, known === undefined ? ms : known + NEWEST_WEIGHT * (ms - known))
    this.#lengths.set(paddedLength, known === undefined ? new Map([...curve].sort(([a], [b]) => a - b)) : curve)
  }

  /**
   * Expected time of a step in ms; 0 where nothing is known.
   *
   * Between observed row counts linear; beyond the largest in proportion to the rows; at a length never observed as at the
   * nearest one with as many tokens.
   */
  estimate (rows: number, paddedLength: number): number {
    const curve = this.#lengths.get(paddedLength)
    if (curve !== undefined) return interpolate(curve, rows)
    const nearest = this.#nearestLength(paddedLength)
    return nearest === undefined ? 0 : this.estimate(rows * paddedLength / nearest, nearest)
  }

  /** The smallest batch of up to `maxRows` rows whose throughput is close to the best. */
  efficientRows (paddedLength: number, maxRows: number): number {
    if (this.#lengths.size === 0) return maxRows
    const throughputs = Array.from({ length: maxRows }, (_, i) => (i + 1) / this.estimate(i + 1, paddedLength))
    const enough = GOOD_THROUGHPUT * Math.max(...throughputs)
    return throughputs.findIndex((throughput) => throughput >= enough) + 1
  }

  #nearestLength (paddedLength: number): number | undefined {
    const distance = (length: number): number => Math.abs(Math.log(length / paddedLength))
    return [...this.#lengths.keys()].sort((a, b) => distance(a) - distance(b))[0]
  }
}

function interpolate (curve: ReadonlyMap<number, number>, rows: number): number {
  let [x0, y0] = [0, 0]
  for (const [x, y] of curve) {
    // Below the smallest observation a batch costs as much as that one.
    if (x >= rows) return x0 === 0 ? y : y0 + (y - y0) * (rows - x0) / (x - x0)
    ;[x0, y0] = [x, y]
  }
  return y0 * rows / x0
}
