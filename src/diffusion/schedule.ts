/** Time grids: how the way from t = 0 to t = 1 is cut into steps. */

export const MAX_STEPS = 1024
export const SCHEDULES = ['uniform', 'geometric'] as const
export type ScheduleName = (typeof SCHEDULES)[number]

/** The step sizes that a model's own folder holds for so many steps, because they were searched for. */
export const TUNED = 'tuned'
/** What a request may name. */
export const SCHEDULE_NAMES = [...SCHEDULES, TUNED] as const

/** How far the sum of an explicit list of step sizes may be from 1. */
export const SUM_TOLERANCE = 1e-4

/** The smallest step of a named schedule, or of a tuned one: no few-step network is trained on a smaller one. */
export const SMALLEST_NAMED_STEP = 1 / MAX_STEPS

/**
 * The smallest step of an explicit list. A smaller one may not move t at all: the step graph keeps it as a float32, and takes
 * any step that ends within 1e-6 of 1 for the last one.
 */
export const SMALLEST_STEP = 1e-5

/**
 * Step sizes h_i of a named schedule; they sum to 1.
 *
 * uniform: h = 1/S. geometric: the paper's 1/2, 1/4, ..., with the last step as large as the one before it, so that they reach
 * 1. With more than 11 steps that would pass below 1/1024: halving then stops so early that what is left, cut evenly, keeps
 * every step at 1/1024 or more; 16 steps are 1/2, ..., 1/64, and ten of 1/640.
 */
export function namedSchedule (name: ScheduleName, steps: number): Float64Array {
  const halvings = name === 'uniform' ? 0 : halvingsOf(steps)
  const sizes = new Float64Array(steps)
  for (let i = 0; i < halvings; i++) sizes[i] = 2 ** -(i + 1)
  return sizes.fill(evenStep(steps, halvings), halvings)
}

/** What each step has that comes after the halvings. */
function evenStep (steps: number, halvings: number): number {
  return 2 ** -halvings / (steps - halvings)
}

function halvingsOf (steps: number): number {
  let halvings = 0
  while (halvings + 1 < steps && evenStep(steps, halvings + 1) >= SMALLEST_NAMED_STEP) halvings++
  return halvings
}

/**
 * Step sizes given as a list, scaled to sum to 1 exactly.
 * @returns null where one is below SMALLEST_STEP or the sum is further than SUM_TOLERANCE from 1
 */
export function explicitSchedule (sizes: readonly number[]): Float64Array | null {
  const sum = sizes.reduce((a, b) => a + b, 0)
  if (!sizes.every((h) => h >= SMALLEST_STEP) || Math.abs(sum - 1) > SUM_TOLERANCE) return null
  return Float64Array.from(sizes, (h) => h / sum)
}

/** Times t_0 = 0 < ... < t_S = 1 of a schedule, S + 1 of them; the last is 1 exactly. */
export function timeGrid (stepSizes: Float64Array): Float64Array {
  const grid = new Float64Array(stepSizes.length + 1)
  stepSizes.forEach((h, i) => { grid[i + 1] = (grid[i] ?? 0) + h })
  grid[stepSizes.length] = 1
  return grid
}
