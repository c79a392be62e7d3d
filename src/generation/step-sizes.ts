/** From what a request says about its steps to their sizes. */
import { explicitSchedule, MAX_STEPS, namedSchedule, SUM_TOLERANCE } from '../diffusion/schedule.js'
import { FewstepError } from '../errors.js'
import type { Manifest } from '../model/manifest.js'
import type { TextRequest } from './text-request.js'

/** @throws FewstepError invalid_schedule */
export function stepSizesOf (request: Pick<TextRequest, 'steps' | 'schedule'>, defaults: Manifest['defaults']): Float64Array {
  const { steps, schedule = defaults.schedule } = request
  if (typeof schedule === 'string') return namedSchedule(schedule, steps ?? defaults.steps)
  if (schedule.length > MAX_STEPS) throw invalid(`schedule has ${schedule.length} step sizes; at most ${MAX_STEPS} are taken`)
  const sizes = explicitSchedule(schedule)
  if (sizes === null) {
    const sum = schedule.reduce((a, b) => a + b, 0)
    throw invalid(`schedule's step sizes must be positive and sum to 1 (to within ${SUM_TOLERANCE}); these sum to ${Number(sum.toPrecision(6))}`)
  }
  if (steps !== undefined && steps !== sizes.length) {
    throw invalid(`schedule has ${sizes.length} step sizes but steps is ${steps}; leave steps out, the schedule implies it`)
  }
  return sizes
}

function invalid (message: string): FewstepError {
  return new FewstepError('invalid_schedule', message, { field: 'schedule' })
}
