/** From what the JSON schema validator found to an error that says what to change. */
import type { FastifySchemaValidationError } from 'fastify'
import { FewstepError } from '../../errors.js'
import { shorten } from './shorten.js'
import { suggest } from './suggest.js'

/** A validator's error; the schema that holds the failed keyword comes along (Ajv's `verbose`). */
export interface ValidationFailure extends FastifySchemaValidationError {
  readonly parentSchema?: { readonly description?: string, readonly properties?: object }
}

/** What a failed keyword asks for, as the end of a sentence that begins with the field. */
function demand ({ keyword, params, message, parentSchema }: ValidationFailure): string {
  const limit = String(params['limit'])
  switch (keyword) {
    case 'type': return `must be ${article(String(params['type']))}`
    case 'minimum': return `must be at least ${limit}`
    case 'maximum': return `must be at most ${limit}`
    case 'exclusiveMaximum': return `must be less than ${limit}`
    case 'exclusiveMinimum': return `must be greater than ${limit}`
    case 'minLength': return `must have at least ${limit} ${limit === '1' ? 'character' : 'characters'}`
    case 'maxLength': return `must have at most ${limit} characters`
    case 'minItems': return `must have at least ${limit} ${limit === '1' ? 'entry' : 'entries'}`
    case 'maxItems': return `must have at most ${limit} entries`
    case 'enum': return `must be one of ${(params['allowedValues'] as string[]).join(', ')}`
    // A description of alternatives begins with a sentence that names them.
    case 'anyOf': return `must be ${parentSchema?.description?.split('. ')[0] ?? 'of another type'}`
    default: return message ?? 'is not valid'
  }
}

function article (type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}

/**
 * The failure that helps most. Of alternatives (anyOf) each branch reports: one that looked deeper into the value was
 * meant, else the alternatives as a whole, which come last.
 */
function mostTelling (failures: readonly ValidationFailure[]): ValidationFailure | undefined {
  const last = failures.at(-1)
  if (last?.keyword !== 'anyOf') return last
  const meant = failures.findLast(({ instancePath, keyword }) =>
    instancePath.length > last.instancePath.length ||
    (instancePath === last.instancePath && /^(min|max|exclusive|required|additional)/.test(keyword)))
  return meant ?? last
}

/** @returns invalid_request, naming the field */
export function validationError (failures: readonly ValidationFailure[]): FewstepError {
  const failure = mostTelling(failures)
  if (failure === undefined) return new FewstepError('invalid_request', 'the request is not valid')
  const [field, ...inner] = failure.instancePath.split('/').slice(1)
  if (failure.keyword === 'additionalProperties') return unknownField(failure, field)
  if (failure.keyword === 'required') return missingField(failure, [field, ...inner])
  if (field === undefined) return new FewstepError('invalid_request', 'the request body must be a JSON object')
  const place = field + inner.map((step) => `[${step}]`).join('')
  return new FewstepError('invalid_request', `${place} ${demand(failure)}`, { field })
}

/** @param steps to the object that lacks it; none: the request's own */
function missingField ({ params }: ValidationFailure, [field, ...inner]: ReadonlyArray<string | undefined>): FewstepError {
  const name = String(params['missingProperty'])
  const place = field === undefined ? '' : ` in ${field}${inner.map((step) => `[${step}]`).join('')}`
  return new FewstepError('invalid_request', `${name} is missing${place}`, { field: field ?? name })
}

/** @param outer the field in which there is an unknown one; undefined: it is the request's own */
function unknownField ({ params, parentSchema }: ValidationFailure, outer: string | undefined): FewstepError {
  const name = String(params['additionalProperty'])
  const known = Object.keys(parentSchema?.properties ?? {})
  const near = suggest(name, known)
  const advice = near === undefined ? `the known ones are ${known.join(', ')}` : `did you mean ${near}?`
  return new FewstepError('invalid_request', `there is no field ${shorten(name)}${outer === undefined ? '' : ` in ${outer}`}; ` +
    `${advice}`, { field: outer ?? shorten(name) })
}
