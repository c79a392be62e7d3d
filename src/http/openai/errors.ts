/** Errors as this dialect tells them: everything a client can mend is a 400, and fields have the names that the client gave them. */
import type { FastifyRequest } from 'fastify'
import { FewstepError } from '../../errors.js'
import { errorBody } from '../errors/error-body.js'
import type { ErrorBody } from '../errors/error-schema.js'

/** What our fields may be called here: the first that the request has. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  prompt: ['messages'],
  max_tokens: ['max_completion_tokens'],
  seed: ['random_seed']
}

export function asOpenAiError (error: FewstepError, { body }: Pick<FastifyRequest, 'body'>): FewstepError {
  const { code, message, statusCode } = error
  const field = error.field === undefined ? undefined : nameIn(body, error.field)
  if (statusCode !== 422 && field === error.field) return error
  return new FewstepError(statusCode === 422 ? mendable(code) : code, message, {
    ...(field === undefined ? {} : { field }),
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
    cause: error
  })
}

export function errorBodyOf (error: FewstepError, request: Pick<FastifyRequest, 'body' | 'id'>): ErrorBody {
  return errorBody(asOpenAiError(error, request), request.id)
}

function mendable (code: FewstepError['code']): FewstepError['code'] {
  return code === 'prompt_too_long' ? 'context_length_exceeded' : 'invalid_request'
}

function nameIn (body: unknown, field: string): string {
  if (typeof body !== 'object' || body === null) return field
  return ALIASES[field]?.find((alias) => Object.hasOwn(body, alias)) ?? field
}
