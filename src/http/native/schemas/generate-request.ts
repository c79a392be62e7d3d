/** The body of POST /v1/generate. */
import { Type, type Static } from 'typebox'
import {
  DEFAULT_MAX_TOKENS, DEFAULT_STABLE_BELOW, JUMPS, MAX_DEADLINE_MS, MAX_OUTPUTS, MAX_SEED, MAX_STEPS, MAX_STOP_LENGTH, MAX_STOP_STRINGS,
  MAX_TEMPERATURE, MAX_TOP_K, SCHEDULES, SOLVERS
} from '../../../generation/index.js'
import { named } from '../../openapi/reference.js'

const StepCount = Type.Integer({ minimum: 1, maximum: MAX_STEPS })
const StopString = Type.String({ minLength: 1, maxLength: MAX_STOP_LENGTH })

export const GenerateRequest = named('GenerateRequest', Type.Object({
  model: Type.Optional(Type.String({
    description: "A loaded model's name, as /v1/models lists it; any other is refused. Left out: the " +
    'first one listed.',
    examples: ['fewstep-stories']
  })),
  prompt: Type.Optional(Type.String({
    description: 'Text to continue. A space at its end belongs to the continuation, as tokens begin with the space before their word; ' +
      'it is not repeated there. Empty or left out: free generation. Excludes template.',
    examples: ['Once upon a time']
  })),
  template: Type.Optional(Type.String({
    minLength: 1,
    description: 'Text with [[n]] gaps, each filled in with n tokens; the text around them stays. The space before a gap belongs to the ' +
      'gap, as tokens begin with the space before their word. Excludes prompt and max_tokens.',
    examples: ['The [[3]] was happy. [[12]] The end.']
  })),
  max_tokens: Type.Optional(Type.Integer({
    minimum: 1,
    description: `Tokens to generate after the prompt. Left out: ${DEFAULT_MAX_TOKENS}, or what room the prompt leaves on the model's ` +
      'canvas.',
    examples: [96]
  })),
  allow_special: Type.Optional(Type.Boolean({
    description: 'true: special tokens spelt out in prompt or template, such as <|endoftext|>, are those tokens. Left out: they are ' +
      'text like any other.'
  })),
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
      'positions is expected to ' +
      `change in the steps before it; true stands for ${DEFAULT_STABLE_BELOW}. Left out: false.`,
    examples: [true]
  })),
  schedule: Type.Optional(Type.Union([
    Type.Enum([...SCHEDULES]),
    Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 1 }), { minItems: 1, maxItems: MAX_STEPS })
  ], {
    description: '"uniform", "geometric" or a list of step sizes that sum to 1, which then implies steps. geometric: each step half as ' +
      'long as the one before, as long as none gets shorter than 1/1024. A list: none shorter than 0.00001.',
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
  temperature: Type.Optional(Type.Number({
    minimum: 0, maximum: MAX_TEMPERATURE, description: "Divides the logits; 0 is greedy. Left out: the model's default.", examples: [1]
  })),
  top_k: Type.Optional(Type.Integer({
    minimum: 0, maximum: MAX_TOP_K, description: 'Draw from the k most probable tokens; 0 is off.', examples: [0]
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
  })),
  deadline_ms: Type.Optional(Type.Integer({
    minimum: 1,
    maximum: MAX_DEADLINE_MS,
    description: 'Milliseconds within which the generation must be done: what is due first runs first, and what is not done by then ' +
      'gets 504.',
    examples: [2000]
  })),
  stream: Type.Optional(Type.Boolean({
    description: 'Answer with an event stream; the header "Accept: text/event-stream" does the same.'
  })),
  timeline: Type.Optional(Type.Boolean({ description: 'Report the step at which each token last changed.' })),
  confidence: Type.Optional(Type.Boolean({ description: "Report each token's posterior probability." }))
}, { additionalProperties: false, description: 'What to generate; every field may be left out.' }))
export type GenerateRequest = Static<typeof GenerateRequest>
