/** What a step costs: measured at warm-up, corrected by every step that runs. */
import { rowsToTry } from './exploration.js'
import { LANES, type Lane } from './lane.js'
import { SizeCosts } from './size-costs.js'

/** A batch is large enough when it does this share of the best throughput: the rest is bought with everybody's latency. */
const GOOD_THROUGHPUT = 0.95

export interface CostPoint {
  readonly rows: number
  readonly paddedLength: number
  /** Absent: step. */
  readonly lane?: Lane
  readonly ms: number
}

/** By padded length. */
type Lengths = Map<number, SizeCosts>

/**
 * Time of one step in ms by rows, padded length and lane: `SizeCosts` for each. A lane in which no step ever
 * ran costs what its nearest relative does. Knows nothing until it has observed something.
 */
export class CostCurve {
  readonly #lanes: Readonly<Record<Lane, Lengths>> = { step: new Map(), filter: new Map(), score: new Map() }
  /** Answers of `efficientRows` until the next observation: it is asked for every row of every batch. */
  readonly #efficientRows = new Map<string, number>()

  /** @param points known from before */
  constructor (points: Iterable<CostPoint> = []) {
    for (const point of points) this.know(point)
  }

  /** What is known. */
  get points (): Array<Required<CostPoint>> {
    return LANES.flatMap((lane) => [...this.#lanes[lane]].flatMap(([paddedLength, costs]) =>
      costs.levels.map(([rows, ms]) => ({ rows, paddedLength, lane, ms }))))
  }

  /** Believe what was measured elsewhere, until one observation shows that it is too much, or three that it is too little. */
  know ({ rows, paddedLength, lane = 'step', ms }: CostPoint): void {
    this.#costsOf(paddedLength, lane).know(rows, ms)
    this.#efficientRows.clear()
  }

  /** A time that is no time, as by a clock that stands still, says nothing. */
  observe ({ rows, paddedLength, lane = 'step', ms }: CostPoint): void {
    if (!(ms > 0 && ms < Infinity)) return
    const expectedMs = this.estimate(rows, paddedLength, lane)
    this.#costsOf(paddedLength, lane).observe(rows, ms, expectedMs)
    this.#efficientRows.clear()
  }

  /**
   * Expected time of a step; 0 where nothing is known. At a length never observed as at the nearest one with as many
   * tokens; in a lane never observed as in the first of `LANES` that was.
   */
  estimate (rows: number, paddedLength: number, lane: Lane = 'step'): number {
    const lengths = this.#lanes[[lane, ...LANES].find((each) => this.#lanes[each].size > 0) ?? lane]
    const known = lengths.get(paddedLength)
    if (known !== undefined) return known.estimate(rows)
    const nearest = nearestLength(lengths.keys(), paddedLength)
    return nearest === undefined ? 0 : lengths.get(nearest)?.estimate(rows * paddedLength / nearest) ?? 0
  }

  /** The smallest batch of up to `maxRows` rows whose throughput is close to the best. */
  efficientRows (paddedLength: number, maxRows: number, lane: Lane = 'step'): number {
    if (LANES.every((each) => this.#lanes[each].size === 0)) return maxRows
    const key = `${paddedLength} ${maxRows} ${lane}`
    const known = this.#efficientRows.get(key)
    if (known !== undefined) return known
    const throughputs = Array.from({ length: maxRows }, (_, i) => (i + 1) / this.estimate(i + 1, paddedLength, lane))
    const enough = GOOD_THROUGHPUT * Math.max(...throughputs)
    const rows = throughputs.findIndex((throughput) => throughput >= enough) + 1
    this.#efficientRows.set(key, rows)
    return rows
  }

  /** Rows of the next batch, if enough wait: mostly `efficientRows`, see exploration.ts. */
  rowsToRun (paddedLength: number, maxRows: number, lane: Lane = 'step'): number {
    const turn = this.#lanes[lane].get(paddedLength)?.observations ?? 0
    return rowsToTry(turn, this.efficientRows(paddedLength, maxRows, lane), maxRows)
  }

  #costsOf (paddedLength: number, lane: Lane): SizeCosts {
    const lengths = this.#lanes[lane]
    const costs = lengths.get(paddedLength) ?? new SizeCosts()
    lengths.set(paddedLength, costs)
    return costs
  }
}

function nearestLength (lengths: Iterable<number>, paddedLength: number): number | undefined {
  const distance = (length: number): number => Math.abs(Math.log(length / paddedLength))
  return [...lengths].sort((a, b) => distance(a) - distance(b))[0]
}
