/** All figures, in the order in which they are measured and printed. */
import type { Figure } from './figure.js'
import { engineOverhead } from './engine-overhead.js'
import { httpOverhead } from './http-overhead.js'
import { memory } from './memory.js'
import { saturatedShare } from './saturated-share.js'
import { simulatedLoad } from './simulated-load.js'
import { stepCosts } from './step-costs.js'

export const FIGURES: readonly Figure[] = [
  engineOverhead,
  saturatedShare,
  httpOverhead,
  memory,
  stepCosts,
  simulatedLoad
]
