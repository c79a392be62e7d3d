/** All figures, in the order in which they are measured and printed. */
import type { Figure } from './figure.js'
import { engineOverhead } from './engine-overhead.js'
import { engineOverheadFastSteps } from './engine-overhead-fast-steps.js'
import { eventLoopHold } from './event-loop-hold.js'
import { fusedOverBare } from './fused-over-bare.js'
import { fusedVsJs } from './fused-vs-js.js'
import { guardCheck } from './guard-check.js'
import { httpOverhead } from './http-overhead.js'
import { memory } from './memory.js'
import { metricsScrapes } from './metrics-scrapes.js'
import { openAiOverhead } from './openai-overhead.js'
import { overload } from './overload.js'
import { playground } from './playground.js'
import { saturatedShare } from './saturated-share.js'
import { simulatedLoad } from './simulated-load.js'
import { stepCosts } from './step-costs.js'
import { tracingOverhead } from './tracing-overhead.js'
import { vsAutoregressive } from './vs-autoregressive.js'
import { vsLlama } from './vs-llama.js'
import { vsTorch } from './vs-torch.js'
import { workerMemory } from './worker-memory.js'

export const FIGURES: readonly Figure[] = [
  fusedOverBare,
  fusedVsJs,
  engineOverhead,
  engineOverheadFastSteps,
  saturatedShare,
  vsAutoregressive,
  vsTorch,
  vsLlama,
  httpOverhead,
  openAiOverhead,
  guardCheck,
  metricsScrapes,
  tracingOverhead,
  memory,
  workerMemory,
  eventLoopHold,
  stepCosts,
  simulatedLoad,
  overload,
  playground
]
