/** What a step costs: measured at warm-up, corrected by every step that runs. */
import { rowsToTry } from './exploration.js'
import { SizeCosts } from './size-costs.js'

/** A batch is large enough when it does this share of the best throughput: the rest is bought with everybody's latency. */
const GOOD_THROUGHPUT = 0.95

export interface CostPoint {
  readonly rows: number
  readonly paddedLength: number
  /** Whether the step sorted the posterior, for top-k or top-p; absent: it did not. */
  readonly filters?: boolean
  readonly ms: number
}

/** By padded length. */
type Lengths = Map<number, SizeCosts>

/**
 * Time of one step in ms by rows, padded length, and whether it filters: `SizeCosts` for each kind of step. A kind that
 * never ran costs what its nearest relative does. Knows nothing until it has observed something.
 */
export class CostCurve {
  readonly #plain: Lengths = new Map()
  readonly #filtering: Lengths = new Map()
  /** Answers of `efficientRows` until the next observation: it is asked for every row of every batch. */
  readonly #efficientRows = new Map<string, number>()

  /** @param points known from before */
  constructor (points: Iterable<CostPoint> = []) {
    for (const point of points) this.know(point)
  }

  /** What is known. */
  get points (): Array<Required<CostPoint>> {
    return [false, true].flatMap((filters) => [...this.#lengths(filters)].flatMap(([paddedLength, costs]) =>
      costs.levels.map(([rows, ms]) => ({ rows, paddedLength, filters, ms }))))
  }

  /** Believe what was measured elsewhere, until one observation shows that it is too much, or three that it is too little. */
  know ({ rows, paddedLength, filters = false, ms }: CostPoint): void {
    this.#costsOf(paddedLength, filters).know(rows, ms)
    this.#efficientRows.clear()
  }

  /** A time that is no time, as by a clock that stands still, says nothing. */
  observe ({ rows, paddedLength, filters = false, ms }: CostPoint): void {
    if (!(ms > 0 && ms < Infinity)) return
    const expectedMs = this.estimate(rows, paddedLength, filters)
    this.#costsOf(paddedLength, filters).observe(rows, ms, expectedMs)
    this.#efficientRows.clear()
  }

  /**
   * Expected time of a step; 0 where nothing is known. At a length never observed as at the nearest one with as many
   * tokens; filtering, where that was never observed, as not, and the other way round.
   */
  estimate (rows: number, paddedLength: number, filters: boolean = false): number {
    const lengths = this.#lengths(this.#lengths(filters).size > 0 ? filters : !filters)
    const known = lengths.get(paddedLength)
    if (known !== undefined) return known.estimate(rows)
    const nearest = nearestLength(lengths.keys(), paddedLength)
    return nearest === undefined ? 0 : lengths.get(nearest)?.estimate(rows * paddedLength / nearest) ?? 0
  }

  /** The smallest batch of up to `maxRows` rows whose throughput is close to the best. */
  efficientRows (paddedLength: number, maxRows: number, filters: boolean = false): number {
    if (this.#plain.size + this.#filtering.size === 0) return maxRows
    const key = `${paddedLength} ${maxRows} ${filters}`
    const known = this.#efficientRows.get(key)
    if (known !== undefined) return known
    const throughputs = Array.from({ length: maxRows }, (_, i) => (i + 1) / this.estimate(i + 1, paddedLength, filters))
    const enough = GOOD_THROUGHPUT * Math.max(...throughputs)
    const rows = throughputs.findIndex((throughput) => throughput >= enough) + 1
    this.#efficientRows.set(key, rows)
    return rows
  }

  /** Rows of the next batch, if enough wait: mostly `efficientRows`, see exploration.ts. */
  rowsToRun (paddedLength: number, maxRows: number, filters: boolean = false): number {
    const turn = this.#lengths(filters).get(paddedLength)?.observations ?? 0
    return rowsToTry(turn, this.efficientRows(paddedLength, maxRows, filters), maxRows)
  }

  #lengths (filters: boolean): Lengths {
    return filters ? this.#filtering : this.#plain
  }

  #costsOf (paddedLength: number, filters: boolean): SizeCosts {
    const lengths = this.#lengths(filters)
    const costs = lengths.get(paddedLength) ?? new SizeCosts()
    lengths.set(paddedLength, costs)
    return costs
  }
}

function nearestLength (lengths: Iterable<number>, paddedLength: number): number | undefined {
  const distance = (length: number): number => Math.abs(Math.log(length / paddedLength))
  return [...lengths].sort((a, b) => distance(a) - distance(b))[0]
}
