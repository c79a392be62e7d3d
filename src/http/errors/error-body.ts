/** From whatever was thrown to what the client is told. */
import type { FastifyError } from 'fastify'
import { FewstepError, type ErrorCode } from '../../errors.js'
import type { ErrorBody } from './error-schema.js'
import { errorType } from './error-type.js'
import { validationError } from './validation-message.js'

/** Fastify's errors that a client can cause. */
const FASTIFY_ERRORS: Partial<Record<string, { readonly code: ErrorCode, readonly message: string, readonly field?: string }>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'invalid_json', message: 'the request body is not valid JSON' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'invalid_json', message: 'the request body is empty; send a JSON object, {} at least' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    message: 'send JSON, with the header "content-type: application/json"'
  },
  FST_ERR_BAD_URL: { code: 'invalid_request', message: 'the path is not a valid URL path; write "%" as %25' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'not_found', message: 'there is nothing at this path: a name in it is longer than any here' }
}

/** @param bodyLimit in bytes; needed while a body is read */
export function asFewstepError (error: unknown, bodyLimit = NaN): FewstepError {
  if (error instanceof FewstepError) return error
  const { code = '', statusCode = 500, validation } = error as FastifyError
  if (validation !== undefined) return validationError(validation)
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return bodyTooLarge(bodyLimit)
  const known = FASTIFY_ERRORS[code]
  if (known !== undefined) return new FewstepError(known.code, known.message)
  if (statusCode >= 400 && statusCode < 500) return new FewstepError('invalid_request', (error as Error).message)
  return new FewstepError('internal_error', 'something went wrong in the server; its log says more under this request_id', { cause: error })
}

/** @param limit in bytes */
export function bodyTooLarge (limit: number): FewstepError {
  return new FewstepError('body_too_large', `the request body is larger than the limit of ${limit} bytes; shorten it`)
}

export function errorBody (error: FewstepError, requestId: string): ErrorBody {
  const { code, message, field } = error
  return {
    error: { code, message, type: errorType(error), param: field ?? null, ...(field === undefined ? {} : { field }), request_id: requestId }
  }
}

/** Whether an error is the server's fault and belongs in its log. */
export function isServerFault ({ code }: FewstepError): boolean {
  return code === 'internal_error' || code === 'inference_failed'
}
