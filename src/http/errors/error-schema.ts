/** The one shape of every error. */
import { Type, type Static } from 'typebox'
import { ERROR_CODES } from '../../errors.js'
import { named, refTo } from '../openapi/reference.js'
import { ERROR_TYPES } from './error-type.js'

export const ErrorBody = named('Error', Type.Object({
  error: Type.Object({
    code: Type.Enum([...ERROR_CODES], { description: 'Stable; programs may depend on it.', examples: ['invalid_request'] }),
    message: Type.String({ description: 'Says what is wrong and what to change.', examples: ['steps must be at most 1024'] }),
    type: Type.Enum([...ERROR_TYPES], { description: 'The kind of error, as OpenAI names it.' }),
    param: Type.Unsafe<string | null>({
      type: ['string', 'null'], description: 'The field of the request that is at fault, or null.', examples: ['steps']
    }),
    field: Type.Optional(Type.String({ description: 'The same, left out where there is none.', examples: ['steps'] })),
    request_id: Type.String({ description: 'Also in the x-request-id header and on every line of the log.' })
  })
}, { description: 'An error.' }))
export type ErrorBody = Static<typeof ErrorBody>

/** An error response of a route. */
export function errorResponse (description: string): object {
  return { description, content: { 'application/json': { schema: refTo(ErrorBody) } } }
}

/** What 429 may mean of routes that generate. */
export const BUSY = 'The queue is full, or longer than the server lets a request wait, or than deadline_ms allows; or the key or address has ' +
  'reached one of its limits.'
