/** How many steps a generation takes: exactly so many, or as many as load and deadline allow. */

export type StepBudget =
  | {
    readonly kind: 'exact'
    /** h of each step; they sum to 1. */
    readonly stepSizes: Float64Array
  }
  | {
    readonly kind: 'elastic'
    /** 1 <= min <= max */
    readonly min: number
    readonly max: number
  }

/**
 * Why a row took the steps that it took: its whole budget, fewer for the load or the deadline, or because more would have changed
 * nothing (much).
 */
export const STEPS_REASONS = ['full', 'load', 'deadline', 'stable'] as const
export type StepsReason = (typeof STEPS_REASONS)[number]

/** What an elastic row's next step size is decided from. */
export interface Pressure {
  /** Rows admitted over rows that run side by side at full throughput: above 1 somebody waits. */
  readonly load: number
  /** Until the deadline; Infinity without one. */
  readonly slackMs: number
  /** From the end of one of the row's steps to the end of its next. */
  readonly stepMs: number
}

/** Share of the time left that is planned with: steps to come may take longer than those before. */
const CAUTION = 0.85

/**
 * The total number of steps that an elastic row, which has taken `taken` of them, should now aim at.
 *
 * Idle: the maximum. Under load the maximum divided by the load, so that as much work is asked for as there is capacity;
 * near a deadline what still fits. Never fewer than the minimum, and at least one more.
 */
export function plannedSteps (
  { min, max }: { readonly min: number, readonly max: number }, taken: number, { load, slackMs, stepMs }: Pressure
): { steps: number, reason: StepsReason } {
  const byLoad = load > 1 ? Math.floor(max / load) : max
  const byDeadline = stepMs > 0 ? taken + Math.floor(CAUTION * slackMs / stepMs) : max
  const steps = Math.max(min, taken + 1, Math.min(max, byLoad, byDeadline))
  return { steps, reason: steps >= max ? 'full' : byDeadline < byLoad ? 'deadline' : 'load' }
}
