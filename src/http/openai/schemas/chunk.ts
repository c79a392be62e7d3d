/** What the events of a stream hold, on every route that has one. */
import { Type } from 'typebox'
import { named } from '../../openapi/reference.js'
import { HEAD, Usage } from './shared.js'

export const Chunk = named('CompletionChunk', Type.Object({
  ...HEAD,
  object: Type.String({ description: 'text_completion or chat.completion.chunk.' }),
  choices: Type.Array(Type.Object({ index: Type.Integer() }, { description: 'As in the whole answer, with the text that is new.' })),
  usage: Type.Optional(Type.Union([Usage, Type.Null()])),
  diffusion_meta: Type.Optional(Type.Object({
    diffusion_content: Type.Boolean({ description: 'true: the text replaces what was told before.' }),
    diffusion_progress: Type.Number({ description: 't, from 0 to 1.' })
  }))
}, { description: 'finish_reason is null until the last chunk of each index.' }))
