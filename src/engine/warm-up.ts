/** Steps run before the first request: they wake the sessions up and teach the cost curve. */
import { lengthBuckets } from '../diffusion/canvas.js'
import { NO_TIME_TO_COME } from '../diffusion/jump-times.js'
import type { CostCurve } from './cost-curve.js'
import type { Lane } from './lane.js'
import type { Session } from './session.js'
import { BY_PLAN, type BatchArrays, type BatchShape } from './step-message.js'

/** No step of a warm-up may take longer: a session that hangs here will not serve. */
const STEP_TIMEOUT_MS = 300_000

const WARMED = ['step', 'filter'] as const satisfies readonly Lane[]

export interface WarmUpShape extends BatchShape {
  readonly lane: Lane
}

/** A batch like any other: all positions real and editable, token 0 everywhere, at the first of eight steps. */
export function anyBatch ({ paddedLength, lane }: WarmUpShape): (batch: BatchArrays) => void {
  return (batch) => {
    batch.seed.fill(0)
    batch.step.fill(1)
    batch.block.fill(0)
    batch.revealAbove.fill(BY_PLAN)
    batch.length.fill(paddedLength)
    batch.topK.fill(0)
    batch.solver.fill(0)
    batch.t.fill(0)
    batch.spreadFrom.fill(NO_TIME_TO_COME)
    batch.h.fill(1 / 8)
    batch.temperature.fill(1)
    batch.topP.fill(lane === 'filter' ? 0.9 : 1)
    batch.tokens.fill(0)
    batch.editable.fill(1)
  }
}

/**
 * Time of a step when all `sessions` take one at once: the best of `rounds` rounds, in ms.
 *
 * The first step of a shape allocates, so one is not enough; and what disturbs a step only ever makes it longer.
 */
export async function timeStep (sessions: readonly Session[], shape: WarmUpShape, rounds: number): Promise<number> {
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now()
    await Promise.all(sessions.map((session) => session.run(shape, anyBatch(shape), STEP_TIMEOUT_MS)))
    best = Math.min(best, performance.now() - begin)
  }
  return best
}

/**
 * 1, 2, 4, ... rows up to `maxBatch` at every length that a canvas of the model can have, filtering or not, cheapest first.
 * Scoring costs what a plain step does.
 */
export function warmUpShapes (maxLength: number, maxBatch: number): WarmUpShape[] {
  const rowCounts: number[] = []
  for (let rows = 1; rows < maxBatch; rows *= 2) rowCounts.push(rows)
  rowCounts.push(maxBatch)
  return lengthBuckets(maxLength)
    .flatMap((paddedLength) => rowCounts.flatMap((rows) => WARMED.map((lane) => ({ rows, paddedLength, lane }))))
    .sort((a, b) => a.rows * a.paddedLength - b.rows * b.paddedLength)
}

/** Run the shapes in turn until `budgetMs` is used; what is left the cost curve extrapolates, and learns as it serves. */
export async function warmUp (
  sessions: readonly Session[], shapes: readonly WarmUpShape[], costs: CostCurve, budgetMs: number
): Promise<void> {
  const end = performance.now() + budgetMs
  for (const shape of shapes) {
    if (performance.now() >= end) return
    costs.know({ ...shape, ms: await timeStep(sessions, shape, 2) })
  }
}
