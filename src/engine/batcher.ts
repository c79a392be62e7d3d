/** Which rows run next: a pure function of a snapshot of what waits. */
import type { Candidate, Snapshot } from './candidate.js'
import { Urgency } from './urgency.js'

/** How long after its arrival a row without a deadline is due: somewhat before 10 s, which is what people wait for. */
export const PATIENCE_MS = 8_000

/** By how much later a row is due for each unit of its priority: who has waited for so long is served as if of the priority below. */
export const PRIORITY_MS = 1_000

export interface Standing {
  /** Lower is served earlier. */
  readonly priority?: number | undefined
  /** Which block of its text the row is at, from 0, and how many there are. */
  readonly block?: number
  readonly blocks?: number
}

/**
 * When a row is due: at its deadline, or after `PATIENCE_MS` if that comes first. Every row comes due, so
 * that a stream of urgent newcomers cannot starve those who came before: ageing without a rule of its own.
 *
 * The blocks of a text are due one after another, as many requests would be that come one patience apart, or evenly on the way to
 * the deadline. So a long text keeps its place from block to block, gets on whenever the machine has time, and is ahead of
 * others with one block at a time: their wait does not depend on its length.
 */
export function dueTime (
  submittedAt: number, deadlineMs: number = Infinity, { priority = 0, block = 0, blocks = 1 }: Standing = {}
): number {
  return submittedAt + Math.min(deadlineMs * (block + 1) / blocks, PATIENCE_MS * (block + 1)) + PRIORITY_MS * priority
}

/**
 * The next batch, earliest due first: the first row decides the length and the lane, and those like it that are
 * due next fill it up, so nobody pays for another's padding or sorting. Chosen anew between steps, so a newcomer joins at
 * the next step.
 *
 * How many: no batch waits to be filled, so at most the rows that are here, shared out among the idle workers; at most as
 * many as throughput needs (`rowsToRun`), since more only make all of them slower; and so few that the first one keeps its
 * deadline, if it can. Rows that cannot be in time come last: see urgency.ts. Passes and no sort, so that a long queue costs
 * comparisons but no memory.
 */
export function nextBatch<Row extends Candidate> (snapshot: Snapshot<Row>): Row[] {
  const { waiting, idleWorkers, now, costs } = snapshot
  const urgency = new Urgency(snapshot, Math.ceil(count(waiting) / idleWorkers))
  let first: Row | undefined
  for (const row of waiting) {
    if (first === undefined || urgency.compare(row, first) < 0) first = row
  }
  if (first === undefined) return []
  const size = urgency.sizeFor(first)
  const batch: Row[] = []
  for (const row of waiting) {
    if (row.paddedLength === first.paddedLength && row.lane === first.lane) insert(batch, row, size, urgency)
  }
  return batch.slice(0, urgency.isLost(first) ? size : sizeInTime(first, batch.length, now, costs))
}

function count (rows: Iterable<unknown>): number {
  const iterator = rows[Symbol.iterator]()
  let found = 0
  while (iterator.next().done !== true) found++
  return found
}

/** Keep the `size` most urgent, in order. */
function insert<Row extends Candidate> (kept: Row[], row: Row, size: number, urgency: Urgency): void {
  const last = kept.at(-1)
  if (kept.length === size && last !== undefined && urgency.compare(row, last) > 0) return
  let at = kept.length
  for (let before = kept[at - 1]; before !== undefined && urgency.compare(row, before) < 0; before = kept[at - 1]) at--
  kept.splice(at, 0, row)
  if (kept.length > size) kept.pop()
}

/** The largest batch of up to `size` rows in which the row is done by its deadline. */
function sizeInTime (row: Candidate, size: number, now: number, costs: Snapshot<Candidate>['costs']): number {
  let fits = size
  while (fits > 1 && now + row.stepsLeft * costs.estimate(fits, row.paddedLength, row.lane) > row.deadlineAt) fits--
  return fits
}
