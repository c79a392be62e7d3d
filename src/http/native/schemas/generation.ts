/** The answer of POST /v1/generate, whole and refinement by refinement. */
import { Type, type Static } from 'typebox'
import { STEPS_REASONS } from '../../../generation/index.js'
import { named } from '../../openapi/reference.js'

const Tokens = Type.Array(Type.Integer(), { description: 'Token ids.' })

const Output = Type.Object({
  index: Type.Integer({ description: 'From 0.' }),
  text: Type.String({
    description: 'The continuation without the prompt, cut before end-of-text or a stop string; for a template the ' +
    'whole text, with each gap\'s filling cut so.'
  }),
  tokens: Type.Array(Type.Integer(), { description: 'The token ids of text.' }),
  finish_reason: Type.Enum(['stop', 'length'], {
    description: 'stop: the continuation, or the filling of a gap, was cut at end-of-text ' +
    'or a stop string. length: every position is part of the text.'
  }),
  seed: Type.Integer({ description: 'With it the same request gives the same output.' }),
  steps: Type.Integer({ description: 'Refinements taken, all blocks together.' }),
  steps_reason: Type.Enum([...STEPS_REASONS], {
    description: 'full: the whole budget. load, deadline: an elastic budget was cut down because others waited or the deadline was ' +
      'near. stable: stop_when_stable ended it, or, in masked diffusion, nothing was masked any more.'
  }),
  blocks: Type.Optional(Type.Integer({ description: 'Of a text that is made in blocks: how many were made, as far as it ends.' })),
  timeline: Type.Optional(Type.Array(Type.Integer(), {
    description: 'For each of tokens, the step (1-based, over all blocks) at which it last changed; 0 for a given one.'
  })),
  confidence: Type.Optional(Type.Array(Type.Number(), {
    description: 'For each of tokens, its posterior probability at the last step, of a text in blocks that of its block.'
  })),
  gaps: Type.Optional(Type.Array(Type.Object({
    text: Type.String(),
    tokens: Tokens,
    choices: Type.Optional(Type.Array(Type.Object({
      text: Type.String({ description: 'With the space that belongs to the gap.' }),
      probability: Type.Number({ description: 'Among the choices; they sum to 1.' }),
      logprob: Type.Number({ description: 'Of the text, given all around it; see /v1/score.' }),
      standard_error: Type.Number({ description: 'Of logprob.' })
    }), { description: 'Of a gap of choices: how probable each is.' }))
  }), {
    description: 'What filled each gap of a template.'
  }))
})

export const Generation = named('Generation', Type.Object({
  id: Type.String(),
  object: Type.Literal('generation'),
  model: Type.String({ description: "The model's name." }),
  outputs: Type.Array(Output),
  usage: Type.Object({
    prompt_tokens: Type.Integer({ description: 'Tokens given, counted once.' }),
    completion_tokens: Type.Integer({ description: 'Tokens made and kept, all outputs together.' }),
    network_calls: Type.Integer({ description: 'All outputs together.' }),
    scoring_calls: Type.Optional(Type.Integer({ description: 'Beside them, to decide gaps of choices, once for all outputs.' }))
  }),
  timings: Type.Object({
    queue_ms: Type.Number({ description: 'From arrival at the engine to the first step.' }),
    compute_ms: Type.Number({ description: 'Time spent in steps; outputs side by side count once.' }),
    total_ms: Type.Number({ description: 'Both, and the waits between steps.' })
  })
}, { description: 'A finished generation: the JSON answer, and the data of the stream\'s "done" event.' }))
export type Generation = Static<typeof Generation>

export const StepEvent = named('StepEvent', Type.Object({
  index: Type.Integer({ description: 'Which output.' }),
  step: Type.Integer({ description: '1 ... steps. A slow reader may miss some; the next changes include theirs.' }),
  steps: Type.Integer({ description: 'In all, as planned now; an elastic budget, or a text in blocks that ends early, may change it.' }),
  t: Type.Number({ description: 'Time after the step; 1 after the last. Of a text in blocks each has its share of it.' }),
  block: Type.Optional(Type.Integer({ description: 'Of a text that is made in blocks: which of them was refined, from 0.' })),
  blocks: Type.Optional(Type.Integer({ description: 'And how many are planned.' })),
  changes: Type.Array(Type.Object({
    position: Type.Integer({ description: 'Counted within what text covers: the continuation, or the whole template.' }),
    token: Type.Integer(),
    text: Type.String({ description: 'The piece of text that now stands at the position; may be empty.' }),
    masked: Type.Optional(Type.Boolean({ description: 'true: the token is not chosen yet, and ░ stands for it. Else left out.' })),
    given: Type.Optional(Type.Boolean({ description: 'true: the position is part of the template\'s own text. Else left out.' }))
  }), { description: 'Positions whose token or piece of text changed. All pieces so far, in order, joined, are text.' }),
  text: Type.String({ description: 'The whole text as it stands.' }),
  confidence: Type.Optional(Type.Array(Type.Number(), {
    description: 'Where confidence was asked for: for each position, the posterior probability of its token in this step.'
  }))
}, { description: 'One refinement of one output: the data of the stream\'s "step" event.' }))
export type StepEvent = Static<typeof StepEvent>
