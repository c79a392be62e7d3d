/** The answer of GET /v1/models. */
import { Type, type Static } from 'typebox'
import { JUMPS, SCHEDULE_NAMES, SCHEDULES, SOLVERS } from '../../../generation/index.js'
import { ALGORITHMS } from '../../../model/manifest.js'
import { named, refTo } from '../../openapi/reference.js'

export const ModelCard = named('ModelCard', Type.Object({
  id: Type.String({ description: 'The name that a request may give as model.' }),
  object: Type.Literal('model'),
  created: Type.Integer({ description: 'When the server loaded it, in seconds since 1970.' }),
  owned_by: Type.String(),
  algorithm: Type.Enum([...ALGORITHMS], {
    description: 'fs-dfm, dfm: discrete flow matching. llada, dream: masked diffusion, whose steps reveal masked tokens for good.'
  }),
  source_distribution: Type.Enum(['mask', 'uniform'], { description: 'What a canvas holds before the first step.' }),
  parameters: Type.Integer(),
  vocab_size: Type.Integer(),
  max_length: Type.Integer({ description: 'Tokens on a canvas, given and generated ones together.' }),
  trained_step_sizes: Type.Array(Type.Number()),
  solvers: Type.Array(Type.Enum([...SOLVERS]), {
    description: 'What a request may give as solver; empty for masked diffusion, which has none.'
  }),
  schedules: Type.Array(Type.Enum([...SCHEDULE_NAMES]), {
    description: 'What a request may give as schedule; tuned where tuned_schedules has the number of steps.'
  }),
  tuned_schedules: Type.Optional(Type.Array(Type.Object({
    steps: Type.Integer(),
    step_sizes: Type.Array(Type.Number()),
    default: Type.Boolean({
      description: 'Whether requests of so many steps get it that name no schedule, and leave solver, jumps and reveal_above to the model.'
    })
  }), { description: 'Step sizes that were searched for, by how many there are. Not there: none were.' })),
  supports: Type.Object({
    scoring: Type.Boolean({ description: 'POST /v1/score.' }),
    choices: Type.Boolean({ description: 'Gaps of choices in a template, as in [[red|blue]].' }),
    reveal_above: Type.Boolean(),
    block_length: Type.Object({
      default: Type.Integer({ description: 'Where a request says nothing.' }),
      max: Type.Integer({ description: 'Where the text is longer than the canvas.' })
    }),
    max_tokens: Type.Integer({ description: 'The most tokens that a text may have here, made in blocks.' })
  }, { description: 'What a request may ask of it.' }),
  defaults: Type.Object({
    steps: Type.Integer(),
    temperature: Type.Number(),
    top_k: Type.Integer(),
    top_p: Type.Number(),
    solver: Type.Optional(Type.Enum([...SOLVERS])),
    jumps: Type.Optional(Type.Enum([...JUMPS])),
    schedule: Type.Enum([...SCHEDULES])
  }, { description: 'What a request gets for the fields it leaves out.' })
}, { description: 'A loaded model.' }))
export type ModelCard = Static<typeof ModelCard>

export const ModelList = named('ModelList', Type.Object({ object: Type.Literal('list'), data: Type.Array(refTo(ModelCard)) }, {
  description: 'The models that started, in the order of their folders.'
}))
export type ModelList = Static<typeof ModelList>
