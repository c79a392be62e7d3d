/** The protocol's errors: a sentence. */
import { Type, type Static } from 'typebox'
import type { FewstepError } from '../../../errors.js'
import { BUSY } from '../../errors/error-schema.js'
import { named, refTo } from '../../openapi/reference.js'

export const KserveError = named('KserveError', Type.Object({
  error: Type.String({ description: 'Says what is wrong and what to change.', examples: ['parameters[steps] must be at most 1024'] })
}, { description: "An error, in KServe's shape; the header x-request-id leads to the server's log." }))
export type KserveError = Static<typeof KserveError>

/** An error response of a route. */
export function errorResponse (description: string): object {
  return { description, content: { 'application/json': { schema: refTo(KserveError) } } }
}

/** What other dialects call prompt or template is this one's text_input. */
export function toErrorBody ({ message, field }: FewstepError): KserveError {
  return { error: field === 'prompt' || field === 'template' ? `text_input: ${message}` : message }
}

export const NOT_FOUND = { 404: errorResponse('No model of that name and version is loaded.') }
export const NOT_READY = {
  503: errorResponse('No session worker is ready, the model did not start, or the server is shutting down.')
}
/** Of the routes that generate. */
export const GENERATION_ERRORS = {
  400: errorResponse('A field is missing, unknown, of the wrong type or out of range.'),
  401: errorResponse('This server asks for a key, and none that it knows was sent.'),
  ...NOT_FOUND,
  413: errorResponse('The body is too large.'),
  422: errorResponse('The fields are well-formed but cannot be met: a text longer than the canvas, a schedule that does not ' +
    'sum to 1, a deadline too short even for an idle server.'),
  429: errorResponse(BUSY),
  500: errorResponse('The generation failed.'),
  ...NOT_READY,
  504: errorResponse('The generation was not done within deadline_ms.')
}
