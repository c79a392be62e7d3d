/** Which rows run next: a pure function of a snapshot of what waits. */
import type { CostCurve } from './cost-curve.js'

/** What the policy knows of a row. */
export interface Candidate {
  /** Order of arrival. */
  readonly sequence: number
  /** When the row should be done, in ms of the engine's clock; see `dueTime`. */
  readonly dueAt: number
  /** When it is lost: Infinity without a deadline. */
  readonly deadlineAt: number
  /** The fewest steps in which it can still finish. */
  readonly stepsLeft: number
  /** Padded length at which the row runs; only rows of one length can share a batch. */
  readonly paddedLength: number
}

export interface Snapshot<Row extends Candidate> {
  readonly waiting: Iterable<Row>
  /** In ms of the engine's clock. */
  readonly now: number
  /** Workers without a step, at least one. */
  readonly idleWorkers: number
  /** Rows in one step. */
  readonly maxBatch: number
  readonly costs: Pick<CostCurve, 'estimate' | 'efficientRows'>
}

/** How long after its arrival a row without a deadline is due. */
export const PATIENCE_MS = 10_000

/**
 * When a row is due: at its deadline, or after `PATIENCE_MS` if that comes first. Since everybody is due some day, a
 * stream of urgent newcomers cannot starve those who came before: ageing without a rule of its own.
 */
export function dueTime (submittedAt: number, deadlineMs: number = Infinity): number {
  return submittedAt + Math.min(deadlineMs, PATIENCE_MS)
}

/**
 * The next batch for one idle worker, earliest due first: the first row decides the length, and those of that length
 * that are due next fill it up. Chosen anew between steps, so a newcomer joins at the next step.
 *
 * How many: never waiting for company, so at most those who are here, shared out among the idle workers; at most as many
 * as throughput needs (`efficientRows`), since more only makes everybody wait; and so few that the first one keeps its
 * deadline, if it can. Rows that would miss theirs even alone come last: work on them is lost to those who can still be served.
 */
export function nextBatch<Row extends Candidate> ({ waiting, now, idleWorkers, maxBatch, costs }: Snapshot<Row>): Row[] {
  const rows = [...waiting]
  const lost = new Map(rows.map((row) => [row, now + row.stepsLeft * costs.estimate(1, row.paddedLength) > row.deadlineAt]))
  rows.sort((a, b) => Number(lost.get(a)) - Number(lost.get(b)) || a.dueAt - b.dueAt || a.sequence - b.sequence)
  const [first] = rows
  if (first === undefined) return []
  const company = rows.filter(({ paddedLength }) => paddedLength === first.paddedLength)
  const share = Math.ceil(rows.length / idleWorkers)
  const efficient = costs.efficientRows(first.paddedLength, maxBatch)
  const size = Math.min(company.length, share, efficient)
  return company.slice(0, lost.get(first) === true ? size : sizeInTime(first, size, now, costs))
}

/** The largest batch of up to `size` rows in which the row is done by its deadline. */
function sizeInTime (row: Candidate, size: number, now: number, costs: Snapshot<Candidate>['costs']): number {
  let fits = size
  while (fits > 1 && now + row.stepsLeft * costs.estimate(fits, row.paddedLength) > row.deadlineAt) fits--
  return fits
}
