/** What a step does besides: rows of one lane may share a batch, those of two may not, since they cost otherwise or round otherwise. */

/**
 * step: nothing. filter: it sorts the posterior, for top-k or top-p, which costs as much again as the rest. score: it tells how
 * probable given tokens are.
 */
export const LANES = ['step', 'filter', 'score'] as const
export type Lane = typeof LANES[number]
