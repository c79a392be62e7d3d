/** From what a request says about its steps to the budget that the engine takes. */
import { explicitSchedule, MAX_STEPS, namedSchedule, SMALLEST_STEP, SUM_TOLERANCE } from '../diffusion/schedule.js'
import type { StepBudget } from '../engine/step-budget.js'
import { FewstepError } from '../errors.js'
import type { Manifest } from '../model/manifest.js'
import type { TextRequest } from './text-request.js'

/** @throws FewstepError invalid_schedule */
export function stepBudgetOf (request: Pick<TextRequest, 'steps' | 'schedule'>, defaults: Manifest['defaults']): StepBudget {
  const { steps, schedule } = request
  if (typeof steps === 'object') return elasticBudget(steps, schedule)
  return { kind: 'exact', stepSizes: stepSizesOf(steps, schedule ?? defaults.schedule, defaults.steps) }
}

function elasticBudget ({ min, max }: { min: number, max: number }, schedule: TextRequest['schedule']): StepBudget {
  if (min > max) throw invalid(`steps.min is ${min} but steps.max ${max}; min must not be above max`, 'steps')
  if (schedule !== undefined && schedule !== 'uniform') {
    throw invalid('an elastic budget, steps with min and max, sizes its steps as it goes: leave schedule out, or give a number of ' +
      'steps', 'schedule')
  }
  return { kind: 'elastic', min, max }
}

function stepSizesOf (steps: number | undefined, schedule: NonNullable<TextRequest['schedule']>, defaultSteps: number): Float64Array {
  if (typeof schedule === 'string') return namedSchedule(schedule, steps ?? defaultSteps)
  if (schedule.length > MAX_STEPS) throw invalid(`schedule has ${schedule.length} step sizes; at most ${MAX_STEPS} are taken`)
  const sizes = explicitSchedule(schedule)
  if (sizes === null) {
    const small = schedule.findIndex((h) => !(h >= SMALLEST_STEP))
    if (small >= 0) {
      throw invalid(`schedule[${small}] is ${schedule[small]}, too small to move t: make it at least ${SMALLEST_STEP}, or leave it out`)
    }
    const sum = schedule.reduce((a, b) => a + b, 0)
    throw invalid(`schedule's step sizes must sum to 1 (to within ${SUM_TOLERANCE}); these sum to ${Number(sum.toPrecision(6))}`)
  }
  if (steps !== undefined && steps !== sizes.length) {
    throw invalid(`schedule has ${sizes.length} step sizes but steps is ${steps}; leave steps out, the schedule implies it`)
  }
  return sizes
}

function invalid (message: string, field: 'schedule' | 'steps' = 'schedule'): FewstepError {
  return new FewstepError('invalid_schedule', message, { field })
}
