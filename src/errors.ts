/** Every error a client can meet: its stable code, its HTTP status and its type, in one table. */

const TABLE = {
  invalid_json: 400,
  invalid_request: 400,
  context_length_exceeded: 400,
  invalid_api_key: 401,
  forbidden: 403,
  not_found: 404,
  model_not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  body_too_large: 413,
  url_too_long: 414,
  unsupported_media_type: 415,
  expectation_failed: 417,
  prompt_too_long: 422,
  invalid_schedule: 422,
  invalid_template: 422,
  invalid_block_length: 422,
  invalid_solver: 422,
  invalid_jumps: 422,
  not_supported: 422,
  invalid_reveal_above: 422,
  deadline_too_short: 422,
  model_refused: 422,
  queue_full: 429,
  rate_limited: 429,
  headers_too_large: 431,
  cancelled: 499,
  inference_failed: 500,
  internal_error: 500,
  not_ready: 503,
  model_failed: 503,
  draining: 503,
  deadline_exceeded: 504,
  not_enough_memory: 507
} as const

export type ErrorCode = keyof typeof TABLE

/**
 * When it is worth another try where the error itself does not say: in seconds, the time that a worker takes to be replaced, and
 * another replica to be found.
 */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = { not_ready: 3, draining: 1 }

export interface ErrorDetails {
  /** The request's field that is at fault, as the client spelt it. */
  readonly field?: string
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

export class FewstepError extends Error {
  override readonly name = 'FewstepError'
  readonly code: ErrorCode
  readonly statusCode: number
  readonly field: string | undefined
  readonly retryAfterSeconds: number | undefined

  /** @param message says what is wrong and what to change; it reaches the client */
  constructor (code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.statusCode = TABLE[code]
    this.field = details.field
    this.retryAfterSeconds = details.retryAfterSeconds ?? RETRY_AFTER_SECONDS[code]
  }
}

export const ERROR_CODES = Object.keys(TABLE) as readonly ErrorCode[]
