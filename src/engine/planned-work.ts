/** The work of a request from its first canvas to its last: how large, and due when. */
import { lengthBucket } from '../diffusion/canvas.js'
import type { Work } from './admission.js'
import { dueTime } from './batcher.js'
import type { Lane } from './lane.js'
import type { GenerationRequest, Sampling } from './request.js'
import type { RowSource } from './row.js'
import { plannedSteps } from './step-budget.js'

export function laneOf ({ topK, topP }: Pick<Sampling, 'topK' | 'topP'>): Lane {
  return topK > 0 || topP < 1 ? 'filter' : 'step'
}

/**
 * Of each of its rows, a canvas after another; the longest first canvas speaks for all rows.
 * @param now when it was submitted, in ms of the engine's clock
 */
export function plannedWork (
  { rows, later = [], scores = false, sampling, budget, deadlineMs, priority }: GenerationRequest,
  { maxLength, revealsForGood }: Pick<RowSource, 'maxLength' | 'revealsForGood'>,
  now: number
): Work[] {
  const first = rows.map(({ template: { tokens, editable } }) => ({ length: tokens.length, made: count(editable) }))
    .reduce((a, b) => b.length > a.length ? b : a)
  const blocks = 1 + later.length
  return [first, ...later].map(({ length, made }, block) => {
    // Where steps reveal masks for good, one at least each, there are no more of them than masks.
    const most = revealsForGood && !scores ? made : Infinity
    const stepsLeft = Math.max(1, Math.min(most, budget.kind === 'exact' ? budget.stepSizes.length : budget.min))
    return {
      paddedLength: lengthBucket(length, maxLength),
      lane: scores ? 'score' : laneOf(sampling),
      dueAt: dueTime(now, deadlineMs, { priority, block, blocks }),
      stepsLeft,
      stepsUnder: (load) =>
        budget.kind === 'exact' ? stepsLeft : plannedSteps(budget, 0, { load, slackMs: Infinity, stepMs: 0 }).steps
    }
  })
}

function count (editable: Uint8Array): number {
  return editable.reduce((sum, flag) => sum + flag, 0)
}
