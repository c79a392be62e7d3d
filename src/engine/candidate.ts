/** What is known to those who decide which rows run next. */
import type { CostCurve } from './cost-curve.js'
import type { Lane } from './lane.js'

export interface Candidate {
  /** Order of arrival. */
  readonly sequence: number
  /** When the row should be done, in ms of the engine's clock; see `dueTime`. */
  readonly dueAt: number
  /** When it is lost: Infinity without a deadline. */
  readonly deadlineAt: number
  /** The fewest steps in which it can still finish. */
  readonly stepsLeft: number
  /** Padded length at which the row runs. */
  readonly paddedLength: number
  readonly lane: Lane
}

export interface Snapshot<Row extends Candidate> {
  /** Read more than once. */
  readonly waiting: Iterable<Row>
  /** In ms of the engine's clock. */
  readonly now: number
  /** Workers without a step, at least one. */
  readonly idleWorkers: number
  /** Rows in one step. */
  readonly maxBatch: number
  readonly costs: Pick<CostCurve, 'estimate' | 'efficientRows' | 'rowsToRun'>
}
