/** Values of options, from text. Each function throws a UsageError that names the option. */
import { UsageError } from './usage-error.js'

export interface Steps {
  readonly min: number
  readonly max: number
}

export function number (name: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? NaN : Number(text)
  if (value >= min && value <= max) return value
  throw new UsageError(`${name} must be a number from ${min} to ${max}, not ${quoted(text)}`)
}

/** @param max Infinity: somebody else sets the limit */
export function integer (name: string, text: string, min: number, max = Infinity): number {
  const value = text.trim() === '' ? NaN : Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  const range = max === Infinity ? `from ${min}` : `from ${min} to ${max}`
  throw new UsageError(`${name} must be an integer ${range}, not ${quoted(text)}`)
}

export function oneOf<T extends string> (name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text)
  if (choice === undefined) throw new UsageError(`${name} must be one of ${choices.join(', ')}, not ${quoted(text)}`)
  return choice
}

/** A number of steps, or as in 4..32 (or 4-32) the bounds of an elastic budget. */
export function steps (name: string, text: string, limit: number): Steps {
  const [, first = text, last = first] = /^(\d+)(?:\.\.|-)(\d+)$/.exec(text.trim()) ?? []
  const min = integer(name, first, 1, limit)
  return { min, max: integer(name, last, min, limit) }
}

/** Values between commas. */
export function list<T> (text: string, parse: (item: string) => T): T[] {
  return text.split(',').map((item) => parse(item.trim()))
}

/** @param text without one: the server's own address */
export function serverUrl (name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new UsageError(`${name} must be an http or https URL, not ${quoted(text)}`)
  return url
}

/** What was typed, in quotes where it would not be seen. */
export function quoted (text: string): string {
  return text.trim() === '' ? JSON.stringify(text) : text
}
