/** Answers of the health routes. */
import { Type, type Static } from 'typebox'
import { named } from '../openapi/reference.js'

export const Liveness = named('Liveness', Type.Object({ status: Type.Literal('live') }, { description: 'The process runs.' }))

const ReadyModel = Type.Object({
  model: Type.String({ description: 'Its name.' }),
  ready: Type.Boolean({ description: 'Whether it can be asked: a session worker of it is ready.' }),
  execution_provider: Type.Enum(['cpu', 'cuda']),
  precision: Type.Enum(['float32', 'int8', 'float16'], { description: 'Of the products with the canvas.' }),
  workers: Type.Object({ ready: Type.Integer(), total: Type.Integer(), threads: Type.Integer({ description: 'Of each worker.' }) }),
  queued: Type.Integer({ description: 'Canvases that wait for their next step.' }),
  running: Type.Integer({ description: 'Canvases in a step.' })
})

const FailedModel = Type.Object({
  model: Type.String({ description: 'Its name, or its folder\'s where its manifest cannot be read.' }),
  ready: Type.Literal(false),
  error: Type.String({ description: 'Why it did not start. It will not before it is loaded again.' })
})

export const Readiness = named('Readiness', Type.Object({
  status: Type.Literal('ready'),
  models: Type.Array(Type.Union([ReadyModel, FailedModel]))
}, { description: 'Requests are taken, of each model that is ready.' }))
export type Readiness = Static<typeof Readiness>
