/** From what a request says about its steps to the budget that the engine takes. */
import { explicitSchedule, MAX_STEPS, namedSchedule, SMALLEST_STEP, SUM_TOLERANCE, TUNED, type SCHEDULE_NAMES } from '../diffusion/schedule.js'
import type { StepBudget } from '../engine/step-budget.js'
import { FewstepError } from '../errors.js'
import type { Manifest } from '../model/manifest.js'
import { tunedBudgets, type TunedBudget } from '../model/tuned-schedules.js'
import type { TextRequest } from './text-request.js'

type Steps = Pick<TextRequest, 'steps' | 'schedule'>

/**
 * @param usual whether the rest of the request leaves to the model how tokens jump: only then its tuned schedules are a default
 * @throws FewstepError invalid_schedule
 */
export function stepBudgetOf ({ steps, schedule }: Steps, manifest: Manifest, usual: boolean): StepBudget {
  if (typeof steps === 'object') return elasticBudget(steps, schedule)
  if (typeof schedule === 'object') return { kind: 'exact', stepSizes: listedSizes(steps, schedule) }
  const count = steps ?? manifest.defaults.steps
  return { kind: 'exact', stepSizes: schedule === undefined ? defaultSizes(count, manifest, usual) : namedSizes(count, schedule, manifest) }
}

function defaultSizes (steps: number, manifest: Manifest, usual: boolean): Float64Array {
  const tuned = tunedBudgets(manifest.schedules).find((each) => each.steps === steps && each.byDefault)
  return usual && tuned !== undefined ? scaled(tuned) : namedSchedule(manifest.defaults.schedule, steps)
}

function namedSizes (steps: number, name: (typeof SCHEDULE_NAMES)[number], manifest: Manifest): Float64Array {
  return name === TUNED ? scaled(tunedFor(steps, manifest)) : namedSchedule(name, steps)
}

function elasticBudget ({ min, max }: { min: number, max: number }, schedule: TextRequest['schedule']): StepBudget {
  if (min > max) throw invalid(`steps.min is ${min} but steps.max ${max}; min must not be above max`, 'steps')
  if (schedule !== undefined && schedule !== 'uniform') {
    throw invalid('an elastic budget, steps with min and max, sizes its steps as it goes: leave schedule out, or give a number of ' +
      'steps', 'schedule')
  }
  return { kind: 'elastic', min, max }
}

/** None is made up for other numbers of steps: nobody has measured it. */
function tunedFor (steps: number, { name, schedules }: Manifest): TunedBudget {
  const budgets = tunedBudgets(schedules)
  const found = budgets.find((each) => each.steps === steps)
  if (found !== undefined) return found
  throw invalid(budgets.length === 0
    ? `${name} has no tuned schedules: leave schedule out, or have them searched for with fewstep_train schedule`
    : `${name} has no tuned schedule of ${steps} steps: take ${budgets.map((each) => each.steps).join(', ')}, or leave schedule out`)
}

function scaled ({ stepSizes }: TunedBudget): Float64Array {
  const sum = stepSizes.reduce((a, b) => a + b, 0)
  return Float64Array.from(stepSizes, (h) => h / sum)
}

function listedSizes (steps: number | undefined, schedule: readonly number[]): Float64Array {
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
