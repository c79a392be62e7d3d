/** The fields that all requests of this dialect share, and what all its answers have. */
import { Type, type Static } from 'typebox'
import { MAX_SEED, MAX_TEMPERATURE, MAX_TOP_K } from '../../../generation/index.js'
import { DIFFUSION_OPTIONS } from '../../generation/options.js'
import { EFFORTS } from '../efforts.js'

/** Outputs of one prompt. */
export const MAX_N = 128
/** Clients send more than the four that OpenAI takes; every refinement is searched for each. */
const MAX_STOPS = 32
const MAX_STOP_LENGTH = 256

const StopString = Type.String({ minLength: 1, maxLength: MAX_STOP_LENGTH })

export const SHARED_FIELDS = {
  ...DIFFUSION_OPTIONS,
  model: Type.Optional(Type.String({
    description: "A loaded model's name. Left out: the first one listed.",
    examples: ['fewstep-stories']
  })),
  n: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_N, description: 'Outputs of each prompt. Left out: 1.' })),
  temperature: Type.Optional(Type.Number({
    minimum: 0, maximum: MAX_TEMPERATURE, description: "Divides the logits; 0 is greedy. Left out: the model's default."
  })),
  top_p: Type.Optional(Type.Number({
    minimum: 0, maximum: 1, description: "Draw from the fewest tokens that hold this much probability. Left out: the model's default."
  })),
  top_k: Type.Optional(Type.Integer({
    minimum: -1,
    maximum: MAX_TOP_K,
    description: 'Draw from the k most probable tokens; 0 and -1 are off.'
  })),
  seed: Type.Optional(Type.Integer({
    minimum: -1,
    maximum: MAX_SEED,
    description: 'Output i of each prompt is drawn with seed + i. Left out, or -1: random, and reported.',
    examples: [7]
  })),
  stop: Type.Optional(Type.Union([StopString, Type.Array(StopString, { maxItems: MAX_STOPS })], {
    description: `a string of 1 to ${MAX_STOP_LENGTH} characters or a list of up to ${MAX_STOPS}. The text is cut before the first of them.`
  })),
  stop_token_ids: Type.Optional(Type.Array(Type.Integer({ minimum: 0 }), {
    maxItems: MAX_STOPS, description: 'Tokens before which the text is cut, like end-of-text.'
  })),
  ignore_eos: Type.Optional(Type.Boolean({
    description: 'true: the text is not cut at end-of-text, which is left out of it; all max_tokens are kept.'
  })),
  stream: Type.Optional(Type.Boolean({ description: 'Answer with data-only server-sent events, the last of which is [DONE].' })),
  stream_options: Type.Optional(Type.Object({
    include_usage: Type.Optional(Type.Boolean({ description: 'One more chunk, without choices, before [DONE], has the usage.' })),
    continuous_usage_stats: Type.Optional(Type.Boolean({ description: 'Every chunk has the usage so far.' }))
  })),
  diffusing: Type.Optional(Type.Boolean({
    description: 'true, in a stream: a chunk for every refinement, whose text is the whole text as it stands and replaces the one ' +
      'before. Left out: text is sent once it can no longer change, and adds to what was sent.'
  })),
  reasoning_effort: Type.Optional(Type.Enum([...EFFORTS], {
    description: 'A step budget by name: none, minimal and instant 4 steps, low 8, medium 16, high 32, xhigh 64. steps, where given, ' +
      'counts instead.'
  })),
  timeline: Type.Optional(Type.Boolean({ description: 'Each choice has timeline: for each token the step at which it last changed.' })),
  allow_special: Type.Optional(Type.Boolean({
    description: 'true: special tokens spelt out in a text, such as <|endoftext|>, are those tokens. Left out: they are text like any ' +
      'other.'
  }))
}
export type SharedFields = Static<ReturnType<typeof Type.Object<typeof SHARED_FIELDS>>>

export const HEAD = {
  id: Type.String(),
  created: Type.Integer({ description: 'When the request came, in seconds since 1970.' }),
  model: Type.String({ description: "The model's name." }),
  system_fingerprint: Type.String({ description: 'Of the weights and the tuned schedules: with the same seed and fingerprint, the same tokens.' })
}

export const Usage = Type.Object({
  prompt_tokens: Type.Integer({ description: 'Of all prompts, each counted once.' }),
  completion_tokens: Type.Integer({ description: 'Made and kept, all outputs together.' }),
  total_tokens: Type.Integer()
})
export type Usage = Static<typeof Usage>

/** What a choice has beyond OpenAI's. */
export const CHOICE_EXTRAS = {
  seed: Type.Integer({ description: 'With it the same request gives the same output.' }),
  steps: Type.Integer({ description: 'Refinements taken, all blocks together.' }),
  steps_reason: Type.String({ description: 'Why no more of them: full, load, deadline or stable.' }),
  blocks: Type.Optional(Type.Integer({ description: 'Of a text that is made in blocks: how many were made, as far as it ends.' })),
  timeline: Type.Optional(Type.Array(Type.Integer()))
}

export const FinishReason = Type.Enum(['stop', 'length'], {
  description: 'stop: cut at end-of-text or a stop string. length: all of max_tokens.'
})
