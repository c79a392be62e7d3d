/**
 * Text in, text out: the room between those who talk to people (the HTTP service, the command line) and the engine.
 *
 *     const prepared = prepare(model, { prompt: 'Once upon a time', steps: 8, seed: 7 })
 *     const { outputs } = await generateText(engine, prepared)
 *     for await (const event of streamText(engine, prepared)) ...
 */
export { generateText, streamText, type RunOptions, type TextEvent } from './generate.js'
export { maxTextBytes } from './canvas-layout.js'
export { prepare, type PreparedGeneration } from './prepare.js'
export { decideChoices, type Decided, type DecidedGap } from './choices.js'
export { prepareScore, priceOfScore, type PreparedScore } from './prepare-score.js'
export {
  DEFAULT_SAMPLES, MAX_CONTINUATIONS, MAX_SAMPLES, MIN_SAMPLES, type ScoreRequest, type ScoreResult, type TextScore
} from './score-request.js'
export { scoreText } from './score-text.js'
export { supportOf, type Support } from './support.js'
export { priceOf, type Price } from './price.js'
export {
  DEFAULT_BLOCK_LENGTH, DEFAULT_MAX_TOKENS, DEFAULT_STABLE_BELOW, MAX_DEADLINE_MS, MAX_OUTPUTS, MAX_PRIORITY, MAX_SEED, MAX_STOP_LENGTH,
  MAX_STOP_STRINGS, MAX_TEMPERATURE, MAX_TOP_K,
  type TextRequest
} from './text-request.js'
export { FINISH_REASONS } from './text-result.js'
export type { FinishReason, GapFill, PlacedChange, TextChange, TextOutput, TextResult, TextStep } from './text-result.js'
export { checkWellFormed } from './well-formed.js'
export { STEPS_REASONS } from '../engine/step-budget.js'
export { JUMPS } from '../diffusion/jump-times.js'
export { MAX_STEPS, SCHEDULE_NAMES, SCHEDULES, TUNED } from '../diffusion/schedule.js'
export { SOLVERS } from '../diffusion/solver.js'
