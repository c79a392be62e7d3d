/** Command-line options, parsed and checked. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { UsageError } from '../../src/cli/usage-error.js'

type Options = NonNullable<ParseArgsConfig['options']>
type Config<O extends Options> = { args: string[], options: O, strict: true, allowPositionals: boolean }

/** @throws UsageError naming the option that is wrong */
export function parseOptions<O extends Options> (
  args: readonly string[], options: O, allowPositionals = false
): ReturnType<typeof parseArgs<Config<O>>> {
  try {
    return parseArgs<Config<O>>({ args: [...args], options, strict: true, allowPositionals })
  } catch (error) {
    // What follows the first sentence is advice about "--", which nobody asked for.
    const [problem = ''] = (error as Error).message.split(/\.\s/)
    throw new UsageError(`${problem.replace(/\.$/, '')}; --help lists the options`)
  }
}

export interface Range {
  readonly min: number
  readonly max: number
}

/** @throws UsageError */
export function number (name: string, text: string, { min, max }: Range): number {
  const value = text.trim() === '' ? NaN : Number(text)
  if (value >= min && value <= max) return value
  throw new UsageError(`${name} must be a number from ${min} to ${max}, not ${text}`)
}

/** @throws UsageError */
export function integer (name: string, text: string, { min, max }: Range): number {
  const value = text.trim() === '' ? NaN : Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new UsageError(`${name} must be an integer from ${min} to ${max}, not ${text}`)
}

/** @throws UsageError */
export function oneOf<T extends string> (name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text)
  if (choice === undefined) throw new UsageError(`${name} must be one of ${choices.join(', ')}, not ${text}`)
  return choice
}

/** Values between commas: requests take one of them each, at random. */
export function list<T> (text: string, parse: (item: string) => T): T[] {
  return text.split(',').map((item) => parse(item.trim()))
}

/** Steps of a request: 8, or 4-32 for an elastic budget. */
export interface StepRange {
  readonly min: number
  readonly max: number
}

/** @throws UsageError */
export function stepRange (name: string, text: string, limit: number): StepRange {
  const [, first = text, last = first] = /^(\d+)-(\d+)$/.exec(text) ?? []
  const min = integer(name, first, { min: 1, max: limit })
  return { min, max: integer(name, last, { min, max: limit }) }
}
