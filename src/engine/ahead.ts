/** When a worker gets a batch ahead: while it is still at the one before, so that it never waits for the next. */

/**
 * Only behind a step that is expected to take no longer, in ms: what passes between two steps is a few tenths of one, and whoever
 * comes meanwhile and is due first waits for one more step.
 */
export const AHEAD_MS = 8

/** A step that its worker never began, because that was gone before: no fault of its rows. */
export class StepNotBegun extends Error {
  constructor () {
    super('the session worker was gone before this step began')
  }
}

/**
 * Whether a batch is to be sent ahead. It must be as large as throughput needs: then it gains nothing by waiting for the rows that
 * run, and two halves of a crowd do not take turns.
 */
export function goesAhead (rows: number, efficientRows: number): boolean {
  return rows > 0 && rows >= efficientRows
}
