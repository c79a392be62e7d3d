/** Bodies and answers of the routes for admins. */
import { Type, type Static } from 'typebox'
import { LOG_LEVELS } from '../../config.js'
import { errorResponse } from '../errors/error-schema.js'
import { named, refTo } from '../openapi/reference.js'

const MAX_PATH = 4096

export const ManagedModel = named('ManagedModel', Type.Object({
  model: Type.String({ description: 'Its name.' }),
  folder: Type.String({ description: 'Where it was, or is, loaded from.' }),
  state: Type.Enum(['ready', 'not_ready', 'failed', 'draining', 'loading'], {
    description: 'ready. not_ready: no worker of it is, at the moment. failed: it did not start. draining: it is unloaded or replaced, and ' +
      'finishes its requests. loading: it will be there, or take the place of another, in a while.'
  }),
  requests: Type.Integer({ description: 'Requests that it answers.' }),
  hash: Type.Optional(Type.String({ description: 'SHA-256 over its manifest and what that does not list: another one is another model.' })),
  loaded_at: Type.Optional(Type.String({ description: 'ISO 8601.' })),
  error: Type.Optional(Type.String({ description: 'Why it did not start.' }))
}, { description: 'A model of the service.' }))
export type ManagedModel = Static<typeof ManagedModel>

export const ManagedModelList = named('ManagedModelList', Type.Object({
  object: Type.Literal('list'), data: Type.Array(refTo(ManagedModel))
}, { description: 'All models, also those that are coming or going.' }))
export type ManagedModelList = Static<typeof ManagedModelList>

export const LoadModelRequest = named('LoadModelRequest', Type.Object({
  folder: Type.String({
    minLength: 1,
    maxLength: MAX_PATH,
    pattern: '^[^\\u0000-\\u001f\\u007f]*$',
    description: "the path of a model's folder, absolute or below a folder that models may be loaded from",
    examples: ['/models/mine-2']
  })
}, { additionalProperties: false, description: 'What to load.' }))

export const LogLevel = named('LogLevel', Type.Object({
  level: Type.Enum([...LOG_LEVELS], { description: 'What is less than this is not logged.', examples: ['debug'] })
}, { additionalProperties: false, description: 'How much is logged.' }))
export type LogLevel = Static<typeof LogLevel>

export const REFUSALS = {
  400: errorResponse('A field is unknown, missing or of the wrong type.'),
  401: errorResponse('No key that this server knows was sent.'),
  403: errorResponse("The key is not an admin's, or there is none that is, or models may not be loaded from that folder."),
  '4xx': errorResponse('The request is not valid.')
}
