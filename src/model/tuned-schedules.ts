/** Step sizes that `fewstep_train schedule` found for a model, by how many steps there are: a part of its manifest. */
import { Type, type Static } from 'typebox'
import { MAX_STEPS, SMALLEST_NAMED_STEP, SUM_TOLERANCE } from '../diffusion/schedule.js'
import { shown } from './quote.js'

const TunedSchedule = Type.Object({
  step_sizes: Type.Array(Type.Number({ minimum: SMALLEST_NAMED_STEP, maximum: 1 }), {
    description: `a list of numbers from 1/${1 / SMALLEST_NAMED_STEP} to 1`
  }),
  /** Than the default schedule, by more than chance and at no loss of variety: then a request that names no schedule gets it. */
  clearly_better: Type.Boolean({ description: 'true or false' })
}, { description: 'an object of step_sizes and clearly_better' })

/** A description completes the sentence "FIELD must be". */
export const TunedSchedules = Type.Record(Type.String(), TunedSchedule, {
  description: 'an object of numbers of steps, each with step_sizes and clearly_better'
})
export type TunedSchedules = Static<typeof TunedSchedules>

/** What no field says alone, as a sentence; undefined where nothing is wrong. */
export function wrongSchedule (schedules: TunedSchedules = {}): string | undefined {
  for (const [name, { step_sizes: sizes }] of Object.entries(schedules)) {
    if (!/^[1-9]\d*$/.test(name) || Number(name) > MAX_STEPS) return `schedules has ${shown(name)}, which is no number of steps from 1 to ${MAX_STEPS}`
    if (sizes.length !== Number(name)) return `schedules.${name} has ${sizes.length} step_sizes, not ${name}`
    const sum = sizes.reduce((a, b) => a + b, 0)
    if (Math.abs(sum - 1) > SUM_TOLERANCE) return `schedules.${name}.step_sizes sum to ${Number(sum.toPrecision(6))}, not to 1`
  }
  return undefined
}

export interface TunedBudget {
  readonly steps: number
  readonly stepSizes: readonly number[]
  /** For requests that name no schedule. */
  readonly byDefault: boolean
}

/** Fewest steps first. */
export function tunedBudgets (schedules: TunedSchedules = {}): TunedBudget[] {
  return Object.entries(schedules)
    .map(([name, { step_sizes: stepSizes, clearly_better: byDefault }]) => ({ steps: Number(name), stepSizes, byDefault }))
    .sort((a, b) => a.steps - b.steps)
}
