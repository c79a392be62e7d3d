/** Step budgets by name. */
import type { TextRequest } from '../../generation/index.js'

const STEPS = { none: 4, minimal: 4, instant: 4, low: 8, medium: 16, high: 32, xhigh: 64 } as const
export type Effort = keyof typeof STEPS
export const EFFORTS = Object.keys(STEPS) as Effort[]

/** What was said of steps counts, else the effort, else (undefined) the model's default. */
export function stepsFor (effort: Effort | undefined, { steps, schedule }: Pick<TextRequest, 'steps' | 'schedule'>): TextRequest['steps'] {
  const said = steps !== undefined || typeof schedule === 'object'
  return said || effort === undefined ? steps : STEPS[effort]
}
