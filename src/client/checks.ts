/** Checks of values that came from outside, each of which names what is wrong. */

export class CheckError extends Error {}

/** @throws CheckError with the path of what is wrong */
export type Check = (value: unknown, path: string) => void

export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object with these fields; fields that are not named here may hold anything. */
export function object (required: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  return (value, path) => {
    if (!isObject(value)) throw new CheckError(`${path} must be an object`)
    const at = (field: string): string => path === '' ? field : `${path}.${field}`
    for (const [field, check] of Object.entries(required)) check(Object.hasOwn(value, field) ? value[field] : undefined, at(field))
    for (const [field, check] of Object.entries(optional)) if (Object.hasOwn(value, field)) check(value[field], at(field))
  }
}

export function list (check: Check, most: number): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw new CheckError(`${path} must be a list`)
    if (value.length > most) throw new CheckError(`${path} has ${value.length} entries, more than ${most}`)
    value.forEach((each, i) => { check(each, `${path}[${i}]`) })
  }
}

export function string (most: number): Check {
  return (value, path) => {
    if (typeof value !== 'string') throw new CheckError(`${path} must be a text`)
    if (value.length > most) throw new CheckError(`${path} has ${value.length} characters, more than ${most}`)
  }
}

export function number (min: number, max: number): Check {
  return (value, path) => {
    if (typeof value === 'number' && value >= min && value <= max) return
    throw new CheckError(`${path} must be a number ${max === Infinity ? `from ${min}` : `from ${min} to ${max}`}`)
  }
}

export function integer (min: number, max: number): Check {
  return (value, path) => {
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      throw new CheckError(`${path} must be an integer from ${min} to ${max}`)
    }
  }
}
