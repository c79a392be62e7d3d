/** Every error that the client throws, as classes. A request that the caller aborts throws the signal's reason instead. */
import type { ErrorBody } from './types.js'

export interface ErrorFacts {
  /** Stable: the server's, or one of the client's own: `connection_failed`, `stream_broken`, `unexpected_answer`. */
  readonly code: string
  /** The field of the request that is at fault. */
  readonly field?: string | undefined
  /** Of the answer; undefined where none came, or the error came in a stream that had begun well. */
  readonly status?: number | undefined
  /** What the server's log knows the request by. */
  readonly requestId?: string | undefined
  /** When the server thinks it is worth another try. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

export class FewstepError extends Error {
  override readonly name: string = 'FewstepError'
  readonly code: string
  readonly field: string | undefined
  readonly status: number | undefined
  readonly requestId: string | undefined
  readonly retryAfterMs: number | undefined

  constructor (message: string, { code, field, status, requestId, retryAfterMs, cause }: ErrorFacts) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.field = field
    this.status = status
    this.requestId = requestId
    this.retryAfterMs = retryAfterMs
  }
}

/** The request must be changed; the message says how. */
export class InvalidRequestError extends FewstepError {
  override readonly name = 'InvalidRequestError'
}

/** The server asks for a key, or does not know this one. */
export class AuthenticationError extends FewstepError {
  override readonly name = 'AuthenticationError'
}

/** No model of that name, or no such route: perhaps another server. */
export class NotFoundError extends FewstepError {
  override readonly name = 'NotFoundError'
}

/** The queue is full, or a limit of the key or address is reached. */
export class RateLimitError extends FewstepError {
  override readonly name = 'RateLimitError'
}

/** The generation was not done within `deadline_ms`. */
export class DeadlineError extends FewstepError {
  override readonly name = 'DeadlineError'
}

/** The server failed, is not ready or is shutting down. */
export class ServerError extends FewstepError {
  override readonly name = 'ServerError'
}

/** No answer came, or a stream broke off. */
export class ConnectionError extends FewstepError {
  override readonly name = 'ConnectionError'
}

type ErrorClass = new (message: string, facts: ErrorFacts) => FewstepError

const BY_STATUS: Readonly<Record<number, ErrorClass>> = {
  401: AuthenticationError, 403: AuthenticationError, 404: NotFoundError, 429: RateLimitError
}

/** The error that a body of the server's shape stands for. */
export function errorOf ({ error }: ErrorBody, facts: Pick<ErrorFacts, 'status' | 'retryAfterMs'> = {}): FewstepError {
  const { code, message, type, field, request_id: requestId } = error
  return new (classOf(code, type))(message, { ...facts, code, field, requestId })
}

/** An answer that is not of the server's shape: a proxy's, or of something else that listens there. */
export function unexpectedAnswer (status: number, text: string, facts: Omit<ErrorFacts, 'code'> = {}): FewstepError {
  const shown = text.trim().slice(0, 200)
  const Class = BY_STATUS[status] ?? ServerError
  return new Class(`the answer, of status ${status}, is none of fewstep's${shown === '' ? '' : `: ${shown}`}`, {
    ...facts, status, code: 'unexpected_answer'
  })
}

export function isErrorBody (value: unknown): value is ErrorBody {
  const { error } = (value ?? {}) as Partial<ErrorBody>
  return typeof error === 'object' && error !== null && typeof error.code === 'string' && typeof error.message === 'string'
}

function classOf (code: string, type: string): ErrorClass {
  if (code === 'invalid_api_key') return AuthenticationError
  if (code === 'not_found' || code === 'model_not_found') return NotFoundError
  switch (type) {
    case 'invalid_request_error': return InvalidRequestError
    case 'rate_limit_error': return RateLimitError
    case 'timeout_error': return DeadlineError
    default: return ServerError
  }
}
