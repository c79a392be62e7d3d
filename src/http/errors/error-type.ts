/** The kind of an error, in OpenAI's words. */
import type { FewstepError } from '../../errors.js'

export const ERROR_TYPES = ['invalid_request_error', 'rate_limit_error', 'timeout_error', 'server_error'] as const
export type ErrorType = (typeof ERROR_TYPES)[number]

export function errorType ({ statusCode }: FewstepError): ErrorType {
  if (statusCode === 429) return 'rate_limit_error'
  if (statusCode === 504) return 'timeout_error'
  return statusCode < 500 ? 'invalid_request_error' : 'server_error'
}
