/** All figures, in the order in which they are measured and printed. */
import type { Figure } from './figure.js'
import { simulatedLoad } from './simulated-load.js'
import { stepCosts } from './step-costs.js'

export const FIGURES: readonly Figure[] = [
  stepCosts,
  simulatedLoad
]
