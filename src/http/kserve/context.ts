/** What this dialect works with. */
import type { GenerationContext } from '../generation/context.js'
import type { ReadinessContext } from '../generation/readiness.js'

export type KserveContext = GenerationContext & ReadinessContext
