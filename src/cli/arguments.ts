/** The arguments of a command, parsed by its entry in the table. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { Command } from './commands.js'
import { UsageError } from './usage-error.js'
import { integer, number, oneOf, steps, type Steps } from './values.js'

type Values = Partial<Record<string, string | boolean | ReadonlyArray<string | boolean>>>

export class Arguments {
  readonly operands: readonly string[]
  readonly #values: Values

  /** @throws UsageError naming an option that the command does not have, or that lacks its value */
  constructor (command: Command, args: readonly string[]) {
    const options = Object.fromEntries([
      ...command.options.map(({ name, value, multiple = false }) =>
        [name, { type: value === undefined ? 'boolean' : 'string', multiple, ...(name.length === 1 ? { short: name } : {}) }]),
      ['help', { type: 'boolean', short: 'h' }]
    ]) as NonNullable<ParseArgsConfig['options']>
    try {
      const { values, positionals } = parseArgs({ args: joined(command, args), options, allowPositionals: true, strict: true })
      this.#values = values
      this.operands = positionals
    } catch (error) {
      // What follows the first sentence is advice about "--", which nobody asked for.
      const [problem = ''] = (error as Error).message.split(/\.\s/)
      throw new UsageError(`${problem.replace(/\.$/, '')}; fewstep ${command.name} --help lists the options`)
    }
  }

  flag (name: string): boolean {
    return this.#values[name] === true
  }

  text (name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  /** Of an option that may be given several times. */
  texts (name: string): string[] | undefined {
    const value = this.#values[name]
    return Array.isArray(value) ? value.map(String) : undefined
  }

  /** The functions below throw a UsageError where the option's value is none of those. */
  number (name: string, min: number, max: number): number | undefined {
    return this.#parsed(name, (label, text) => number(label, text, min, max))
  }

  integer (name: string, min: number, max = Infinity): number | undefined {
    return this.#parsed(name, (label, text) => integer(label, text, min, max))
  }

  oneOf<T extends string> (name: string, choices: readonly T[]): T | undefined {
    return this.#parsed(name, (label, text) => oneOf(label, text, choices))
  }

  steps (name: string, limit: number): Steps | undefined {
    return this.#parsed(name, (label, text) => steps(label, text, limit))
  }

  #parsed<T> (name: string, parse: (label: string, text: string) => T): T | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : parse(name.length === 1 ? `-${name}` : `--${name}`, text)
  }
}

/**
 * Joins an option that takes a value with what follows it, whatever that begins with: parseArgs calls `--top-k -1` ambiguous,
 * where `--top-k=-1` says what is meant. A lone - is an operand.
 */
function joined ({ options }: Command, args: readonly string[]): string[] {
  const names = new Map(options.filter(({ value }) => value !== undefined)
    .flatMap(({ name }) => [[`--${name}`, name], ...(name.length === 1 ? [[`-${name}`, name]] : [])] as Array<[string, string]>))
  const result: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const name = names.get(arg)
    const value = args[i + 1]
    if (arg === '--') return [...result, ...args.slice(i)]
    if (name === undefined || value === undefined) {
      result.push(arg)
    } else {
      result.push(`--${name}=${value}`)
      i++
    }
  }
  return result
}
