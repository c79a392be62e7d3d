/** The options of a generation as JSON has them, the same in every dialect that offers them. */
import { Type, type Static, type TObject } from 'typebox'
import {
  DEFAULT_BLOCK_LENGTH, DEFAULT_MAX_TOKENS, DEFAULT_STABLE_BELOW, JUMPS, MAX_DEADLINE_MS, MAX_OUTPUTS, MAX_PRIORITY, MAX_SEED, MAX_STEPS,
  MAX_STOP_LENGTH, MAX_STOP_STRINGS, MAX_TEMPERATURE, MAX_TOP_K, SCHEDULE_NAMES, SOLVERS, type TextRequest
} from '../../generation/index.js'

const StepCount = Type.Integer({ minimum: 1, maximum: MAX_STEPS })
const StopString = Type.String({ minLength: 1, maxLength: MAX_STOP_LENGTH })

/** Those that are diffusion's own: dialects that have other names or bounds for the rest take these as they are. */
export const DIFFUSION_OPTIONS = {
  steps: Type.Optional(Type.Union([
    StepCount,
    Type.Object({ min: StepCount, max: StepCount }, { additionalProperties: false })
  ], {
    description: `a number from 1 to ${MAX_STEPS}, or an object with min and max. ` +
      'Refinements, that is network calls an output uses: exactly so many, or, ' +
      'elastic, max of them while the server has time, fewer under load or near deadline_ms, never fewer than min. Left out: the ' +
        "model's default.",
    examples: [8, { min: 4, max: 32 }]
  })),
  stop_when_stable: Type.Optional(Type.Union([Type.Boolean(), Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })], {
    description: 'true, false or a number between 0 and 1. An output takes its last step as soon as less than this share of its ' +
      `positions is expected to change in the steps before it; true stands for ${DEFAULT_STABLE_BELOW}. Left out: false.`,
    examples: [true]
  })),
  schedule: Type.Optional(Type.Union([
    Type.Enum([...SCHEDULE_NAMES]),
    Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 1 }), { minItems: 1, maxItems: MAX_STEPS })
  ], {
    description: '"uniform", "geometric", "tuned" or a list of step sizes that sum to 1, which then implies steps. geometric: each step ' +
      'half as long as the one before, as long as none gets shorter than 1/1024. tuned: the step sizes that were found best for this ' +
      "model and number of steps, where it has some (/v1/models). A list: none shorter than 0.00001. Left out: the model's default, or, " +
      'for numbers of steps where it is clearly better, tuned.',
    examples: ['uniform', [0.5, 0.25, 0.25]]
  })),
  solver: Type.Optional(Type.Enum([...SOLVERS], {
    description: 'How tokens may jump in a step. cumulative: averaged over the whole step, made for few steps. ' +
      'euler: rate p/h, whatever h is, and with a masked source it only moves positions that are still masked. euler_exact: the ' +
      'instantaneous rate. A model whose list of solvers is empty takes none.'
  })),
  jumps: Type.Optional(Type.Enum([...JUMPS], {
    description: 'Which positions jump in the same step. independent: whichever, as published. spread: positions far apart, because ' +
      'tokens drawn in the same ' +
      "step do not know of each other; each position jumps as often as before. Only with the cumulative solver. Left out: the model's " +
        'default.'
  })),
  reveal_above: Type.Optional(Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    description: 'Masked diffusion (llada, dream): a step reveals every token that it is surer of than this, and no fewer than its plan ' +
      'says. So steps is the most that are taken; the answer says how many were. Left out: by plan alone.',
    examples: [0.9]
  })),
  top_k: Type.Optional(Type.Integer({
    minimum: 0, maximum: MAX_TOP_K, description: 'Draw from the k most probable tokens; 0 is off.', examples: [0]
  })),
  block_length: Type.Optional(Type.Integer({
    minimum: 1,
    description: 'The text is made in blocks of so many tokens, one after another, each with all steps: a block sees what was made ' +
      "before, as much of it as the model's canvas has room for. Left out: at once where the text fits the canvas, else in blocks of " +
      `${DEFAULT_BLOCK_LENGTH}, or half of a smaller canvas, which is also the most then. Not with template or suffix.`,
    examples: [64]
  })),
  deadline_ms: Type.Optional(Type.Integer({
    minimum: 1,
    maximum: MAX_DEADLINE_MS,
    description: 'Milliseconds within which the generation must be done: what is due first runs first. What could not be done by then ' +
      'is refused at once, with 422 where an idle server could not either, else with 429; what is not done by then after all gets 504.',
    examples: [2000]
  })),
  priority: Type.Optional(Type.Integer({
    minimum: -MAX_PRIORITY,
    maximum: MAX_PRIORITY,
    description: 'Lower is served earlier: by as many seconds as if the request had come earlier or later. So it never waits for ever. ' +
      'Left out: 0.',
    examples: [0]
  }))
}
export type DiffusionOptions = Static<TObject<typeof DIFFUSION_OPTIONS>>

/** Fields of a schema. */
export const GENERATION_OPTIONS = {
  max_tokens: Type.Optional(Type.Integer({
    minimum: 1,
    description: `Tokens to generate after the prompt. Left out: ${DEFAULT_MAX_TOKENS}, or what room the prompt leaves on the model's ` +
      'canvas. More than there is room for are made in blocks, up to the limit that the server has set.',
    examples: [96]
  })),
  allow_special: Type.Optional(Type.Boolean({
    description: 'true: special tokens spelt out in prompt or template, such as <|endoftext|>, are those tokens. Left out: they are ' +
      'text like any other.'
  })),
  ...DIFFUSION_OPTIONS,
  temperature: Type.Optional(Type.Number({
    minimum: 0, maximum: MAX_TEMPERATURE, description: "Divides the logits; 0 is greedy. Left out: the model's default.", examples: [1]
  })),
  top_p: Type.Optional(Type.Number({
    exclusiveMinimum: 0, maximum: 1, description: 'Draw from the fewest tokens that hold this much probability; 1 is off.', examples: [1]
  })),
  seed: Type.Optional(Type.Integer({
    minimum: 0,
    maximum: MAX_SEED,
    description: 'The same model, request and seed give the same tokens. Output i uses seed + i. Left out: random, and reported.',
    examples: [7]
  })),
  n: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_OUTPUTS, description: 'Outputs to draw. Left out: 1.', examples: [1] })),
  stop: Type.Optional(Type.Union([StopString, Type.Array(StopString, { minItems: 1, maxItems: MAX_STOP_STRINGS })], {
    description: `a string of 1 to ${MAX_STOP_LENGTH} characters or a list of up to ${MAX_STOP_STRINGS}. ` +
      'The continuation is cut before the first of them; of a template what fills each gap, by itself.',
    examples: ['\n\n']
  }))
}
export type GenerationOptions = Static<TObject<typeof GENERATION_OPTIONS>>

export function toTextOptions (options: GenerationOptions): Omit<TextRequest, 'prompt' | 'template'> {
  return {
    ...toDiffusionOptions(options),
    maxTokens: options.max_tokens,
    allowSpecial: options.allow_special,
    temperature: options.temperature,
    topP: options.top_p,
    seed: options.seed,
    n: options.n,
    stop: typeof options.stop === 'string' ? [options.stop] : options.stop
  }
}

export function toDiffusionOptions (options: DiffusionOptions): Partial<TextRequest> {
  return {
    steps: options.steps,
    schedule: options.schedule,
    solver: options.solver,
    jumps: options.jumps,
    revealAbove: options.reveal_above,
    topK: options.top_k,
    stopWhenStable: stableBelow(options.stop_when_stable),
    blockLength: options.block_length,
    deadlineMs: options.deadline_ms,
    priority: options.priority
  }
}

function stableBelow (option: DiffusionOptions['stop_when_stable']): number | undefined {
  return typeof option === 'boolean' ? (option ? DEFAULT_STABLE_BELOW : undefined) : option
}
