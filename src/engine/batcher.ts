/** Which rows run next: a pure function of what is waiting. */

/** What the policy knows of a row. */
export interface Candidate {
  /** Order of arrival. */
  readonly sequence: number
  /** When the row should be done, in ms of the engine's clock; see `dueTime`. */
  readonly dueAt: number
  /** Padded length at which the row runs; only rows of one length can share a batch. */
  readonly paddedLength: number
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
 * The next batch, earliest deadline first: the row that is due first decides the length, and those of that length that are
 * due next fill it up.
 *
 * Chosen anew between steps: a newcomer joins the running rows at their next step, and a row that is ahead is never
 * slowed down by more than its company in the batch.
 */
export function nextBatch<Row extends Candidate> (waiting: Iterable<Row>, maxBatch: number): Row[] {
  const rows = [...waiting].sort((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence)
  const paddedLength = rows[0]?.paddedLength
  return rows.filter((row) => row.paddedLength === paddedLength).slice(0, maxBatch)
}
