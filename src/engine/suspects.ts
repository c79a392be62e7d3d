/** Rows of steps that failed, to be run again apart, until the one whose fault it is is alone. Knows no time and no workers. */
import type { Row } from './row.js'

/** Steps of a row that failed, the last of them alone, fail its request: one or two may be a worker's fault. */
export const MAX_FAILURES = 3

/** What runs as one step: chosen among those who wait, or part of a batch that failed. */
export interface Batch {
  readonly rows: readonly Row[]
  /** The batch that failed, if it is a part of one. */
  readonly whole?: Whole | undefined
}

interface Whole {
  /** In the largest of its parts. */
  readonly rowsInPart: number
  readonly parts: number
  passed: number
}

export class Suspects {
  readonly #batches: Batch[] = []

  /** Rows here. */
  get size (): number {
    return this.#batches.reduce((sum, { rows }) => sum + rows.length, 0)
  }

  * [Symbol.iterator] (): Generator<Row, void, undefined> {
    for (const { rows } of this.#batches) yield * rows
  }

  /** The next part to run, and it is here no more. */
  next (): Batch | undefined {
    return this.#batches.shift()
  }

  /** The row leaves. */
  delete (row: Row): void {
    const index = this.#batches.findIndex(({ rows }) => rows.includes(row))
    const batch = this.#batches[index]
    if (batch === undefined) return
    const rows = batch.rows.filter((other) => other !== row)
    this.#batches.splice(index, 1, ...(rows.length === 0 ? [] : [{ ...batch, rows }]))
  }

  /**
   * The step of these rows failed: they are put here in halves.
   * @returns the row that is given up
   */
  failed (rows: readonly Row[]): Row | undefined {
    for (const row of rows) row.failures++
    const [first, ...others] = rows
    if (first === undefined) return undefined
    if (others.length === 0 && first.failures >= MAX_FAILURES) return first
    const middle = Math.ceil(rows.length / 2)
    const parts = [rows.slice(0, middle), rows.slice(middle)].filter((part) => part.length > 0)
    const whole = parts.length > 1 ? { rowsInPart: middle, parts: parts.length, passed: 0 } : undefined
    this.#batches.push(...parts.map((part) => ({ rows: part, whole })))
    return undefined
  }

  /**
   * A batch went through.
   * @returns where a batch that had failed has now gone through in parts: the rows in the largest of them. So many together were too many.
   */
  passed ({ whole }: Batch): number | undefined {
    if (whole === undefined || ++whole.passed < whole.parts) return undefined
    return whole.rowsInPart
  }
}
