/** The body of POST /v1/score, and its answer. */
import { Type, type Static } from 'typebox'
import { DEFAULT_SAMPLES, MAX_CONTINUATIONS, MAX_DEADLINE_MS, MAX_SAMPLES, MAX_SEED, MIN_SAMPLES } from '../../generation/index.js'
import { named } from '../openapi/reference.js'

export const ScoreRequestBody = named('ScoreRequest', Type.Object({
  model: Type.Optional(Type.String({
    description: "A loaded model's name, as /v1/models lists it; any other is refused. Left out: the first one listed.",
    examples: ['fewstep-stories']
  })),
  prompt: Type.Optional(Type.String({
    description: 'Text before the continuations. A space at its end belongs to each of them, as tokens begin with the space before their word. ' +
      'Empty or left out: they begin the text.',
    examples: ['Once upon a time there was a little']
  })),
  continuations: Type.Optional(Type.Array(Type.String({ minLength: 1 }), {
    minItems: 1,
    maxItems: MAX_CONTINUATIONS,
    description: `a list of 1 to ${MAX_CONTINUATIONS} texts, none of them empty. Each is scored by itself, given prompt and suffix.`,
    examples: [[' girl', ' dog']]
  })),
  suffix: Type.Optional(Type.String({ description: 'Text after the continuations.', examples: [' who liked to sing.'] })),
  template: Type.Optional(Type.String({
    minLength: 1,
    description: 'Text with one gap of choices, each of which is scored; gaps as [[4]] may stand beside it and are noise meanwhile. Excludes prompt, ' +
      'continuations and suffix.',
    examples: ['The ball is [[red|green|blue]].']
  })),
  allow_special: Type.Optional(Type.Boolean({
    description: 'true: special tokens spelt out in the texts, such as <|endoftext|>, are those tokens. Left out: they are text like any other.'
  })),
  samples: Type.Optional(Type.Integer({
    minimum: MIN_SAMPLES,
    maximum: MAX_SAMPLES,
    multipleOf: 2,
    description: `an even number from ${MIN_SAMPLES} to ${MAX_SAMPLES}. Network calls for each text: four times as many halve the error. Left out: ${DEFAULT_SAMPLES}.`,
    examples: [DEFAULT_SAMPLES]
  })),
  seed: Type.Optional(Type.Integer({
    minimum: 0,
    maximum: MAX_SEED,
    description: 'The same model, request and seed give the same scores; all texts of a request are scored on the same draws. Left out: random, and reported.',
    examples: [7]
  })),
  deadline_ms: Type.Optional(Type.Integer({
    minimum: 1, maximum: MAX_DEADLINE_MS, description: 'Milliseconds within which the scores are needed, as for /v1/generate.', examples: [2000]
  }))
}, { additionalProperties: false, description: 'What to score: continuations, or a template.' }))
export type ScoreRequestBody = Static<typeof ScoreRequestBody>

export const Score = named('Score', Type.Object({
  id: Type.String(),
  object: Type.Literal('score'),
  model: Type.String({ description: "The model's name." }),
  scores: Type.Array(Type.Object({
    index: Type.Integer({ description: 'Which of the texts, from 0.' }),
    text: Type.String({ description: 'As it was scored: with the space that belongs to it.' }),
    tokens: Type.Integer(),
    logprob: Type.Number({
      description: 'ln of the probability of the text, given all around it: a bound from below, as diffusion models have it, not the number itself.'
    }),
    standard_error: Type.Number({ description: 'Of logprob, which is estimated from samples.' }),
    bits_per_byte: Type.Number({ description: '-logprob in bits over the bytes of text, in UTF-8: lower is more probable.' }),
    probability: Type.Number({ description: 'By logprob, among the texts of the request; they sum to 1.' })
  }), { description: 'In the order of the request.' }),
  seed: Type.Integer({ description: 'With it the same request gives the same scores.' }),
  samples: Type.Integer({ description: 'Network calls for each text.' }),
  usage: Type.Object({
    prompt_tokens: Type.Integer({ description: 'Tokens given, counted once.' }),
    scored_tokens: Type.Integer({ description: 'All texts together.' }),
    network_calls: Type.Integer({ description: 'All texts together.' })
  }),
  timings: Type.Object({
    queue_ms: Type.Number({ description: 'From arrival at the engine to the first step.' }),
    compute_ms: Type.Number({ description: 'Time spent in steps; texts side by side count once.' }),
    total_ms: Type.Number({ description: 'Both, and the waits between steps.' })
  })
}, { description: 'How probable each text is.' }))
export type Score = Static<typeof Score>
