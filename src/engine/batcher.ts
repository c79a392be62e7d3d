/** Which rows run next: a pure function of what is waiting. */

/** What the policy knows of a row. */
export interface Candidate {
  /** Order of arrival. */
  readonly sequence: number
  /** Padded length at which the row runs; only rows of one length can share a batch. */
  readonly paddedLength: number
}

/**
 * The next batch: the row that came first decides the length, and the earliest rows of that length fill it up.
 *
 * First come, first served between steps: a newcomer joins the running rows at their next step, and a row that is
 * ahead is never slowed down by more than its company in the batch. The first row always runs, so none starves.
 */
export function nextBatch<Row extends Candidate> (waiting: Iterable<Row>, maxBatch: number): Row[] {
  const rows = [...waiting].sort((a, b) => a.sequence - b.sequence)
  const paddedLength = rows[0]?.paddedLength
  return rows.filter((row) => row.paddedLength === paddedLength).slice(0, maxBatch)
}
