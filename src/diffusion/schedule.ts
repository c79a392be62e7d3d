/** Time grids: how the way from t = 0 to t = 1 is cut into steps. */

export const MAX_STEPS = 1024
export const SCHEDULES = ['uniform', 'geometric'] as const
export type ScheduleName = (typeof SCHEDULES)[number]

/** How far the sum of an explicit list of step sizes may be from 1. */
export const SUM_TOLERANCE = 1e-4

/**
 * Step sizes h_i of a named schedule; they sum to 1.
 *
 * uniform: h = 1/S. geometric: the paper's 1/2, 1/4, ..., with the last step as large as the one before it, so
 * that they reach 1. Halving stops at 1/1024, the smallest step that networks are trained on; what is left is cut
 * evenly.
 */
export function namedSchedule (name: ScheduleName, steps: number): Float64Array {
  if (name === 'uniform' || steps === 1) return new Float64Array(steps).fill(1 / steps)
  const halvings = Math.min(steps - 1, 9)
  const sizes = new Float64Array(steps)
  for (let i = 0; i < halvings; i++) sizes[i] = 2 ** -(i + 1)
  return sizes.fill(2 ** -halvings / (steps - halvings), halvings)
}

/**
 * Step sizes given as a list, scaled to sum to 1 exactly.
 * @returns null where one is not positive or the sum is further than SUM_TOLERANCE from 1
 */
export function explicitSchedule (sizes: readonly number[]): Float64Array | null {
  const sum = sizes.reduce((a, b) => a + b, 0)
  if (sizes.length === 0 || !sizes.every((h) => h > 0) || Math.abs(sum - 1) > SUM_TOLERANCE) return null
  return Float64Array.from(sizes, (h) => h / sum)
}

/** Times t_0 = 0 < ... < t_S = 1 of a schedule, S + 1 of them; the last is 1 exactly. */
export function timeGrid (stepSizes: Float64Array): Float64Array {
  const grid = new Float64Array(stepSizes.length + 1)
  stepSizes.forEach((h, i) => { grid[i + 1] = (grid[i] ?? 0) + h })
  grid[stepSizes.length] = 1
  return grid
}
