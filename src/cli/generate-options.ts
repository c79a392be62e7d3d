/** The arguments of `fewstep generate`, parsed and checked. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { MAX_STEPS, SCHEDULES } from '../diffusion/schedule.js'
import { JUMPS } from '../diffusion/jump-times.js'
import { SOLVERS } from '../diffusion/solver.js'
import { DEFAULT_STABLE_BELOW, MAX_OUTPUTS, MAX_SEED, MAX_STOP_LENGTH, MAX_STOP_STRINGS, MAX_TEMPERATURE, MAX_TOP_K, type TextRequest } from '../generation/index.js'
import { UsageError } from './usage-error.js'

const OPTIONS = {
  steps: { type: 'string' },
  'max-tokens': { type: 'string' },
  'block-length': { type: 'string' },
  template: { type: 'string' },
  seed: { type: 'string' },
  n: { type: 'string', short: 'n' },
  temperature: { type: 'string' },
  'top-k': { type: 'string' },
  'top-p': { type: 'string' },
  schedule: { type: 'string' },
  solver: { type: 'string' },
  jumps: { type: 'string' },
  stop: { type: 'string', multiple: true },
  'stop-when-stable': { type: 'boolean' },
  model: { type: 'string' },
  json: { type: 'boolean' },
  'no-color': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' }
} as const satisfies ParseArgsConfig['options']

const TAKE_VALUES = new Set(['-n', ...Object.entries(OPTIONS).filter(([, { type }]) => type === 'string').map(([name]) => `--${name}`)])

export interface GenerateCommand {
  readonly request: TextRequest
  /** undefined: what the environment says. */
  readonly model: string | undefined
  readonly json: boolean
  readonly color: boolean
  readonly help: boolean
}

/** @throws UsageError naming the option that is wrong */
export function parseGenerateOptions (args: readonly string[]): GenerateCommand {
  const { values, positionals } = parse(args)
  const [prompt] = positionals
  if (positionals.length > 1) throw new UsageError(`one prompt is taken, not ${positionals.length}: put quotes around it`)
  if (prompt !== undefined && values.template !== undefined) throw new UsageError('a prompt and --template exclude each other')
  if (values.template !== undefined && values['max-tokens'] !== undefined) {
    throw new UsageError('--max-tokens does not go with --template: its gaps say how many tokens are made')
  }
  if (values.template !== undefined && values['block-length'] !== undefined) {
    throw new UsageError('--block-length does not go with --template: its gaps are filled at once')
  }
  return {
    request: {
      prompt,
      template: values.template,
      maxTokens: integer('--max-tokens', values['max-tokens'], 1),
      blockLength: integer('--block-length', values['block-length'], 1),
      steps: integer('--steps', values.steps, 1, MAX_STEPS),
      schedule: schedule(values.schedule),
      solver: oneOf('--solver', values.solver, SOLVERS),
      jumps: oneOf('--jumps', values.jumps, JUMPS),
      temperature: number('--temperature', values.temperature, 0, MAX_TEMPERATURE),
      topK: integer('--top-k', values['top-k'], 0, MAX_TOP_K),
      topP: topP(values['top-p']),
      seed: integer('--seed', values.seed, 0, MAX_SEED),
      n: integer('-n', values.n, 1, MAX_OUTPUTS),
      stop: stop(values.stop),
      stopWhenStable: values['stop-when-stable'] === true ? DEFAULT_STABLE_BELOW : undefined
    },
    model: folder('--model', values.model),
    json: values.json ?? false,
    color: values['no-color'] !== true,
    help: values.help ?? false
  }
}

/**
 * Joins an option that takes a value with what follows it, whatever that begins with: parseArgs calls `--top-k -1` ambiguous,
 * where `--top-k=-1` says what is meant.
 */
function joinValues (args: readonly string[]): string[] {
  const joined: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const value = args[i + 1]
    if (arg === '--') return [...joined, ...args.slice(i)]
    if (value === undefined || !TAKE_VALUES.has(arg)) {
      joined.push(arg)
    } else {
      joined.push(`${arg === '-n' ? '--n' : arg}=${value}`)
      i++
    }
  }
  return joined
}

function parse (args: readonly string[]) {
  try {
    return parseArgs({ args: joinValues(args), options: OPTIONS, allowPositionals: true, strict: true })
  } catch (error) {
    // What follows the first sentence is advice about "--", which nobody asked for.
    const [problem = ''] = (error as Error).message.split(/\.\s/)
    throw new UsageError(`${problem.replace(/\.$/, '')}; fewstep generate --help lists the options`)
  }
}

function number (name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? NaN : Number(text)
  if (value >= min && value <= max) return value
  throw new UsageError(`${name} must be a number from ${min} to ${max}, not ${quoted(text)}`)
}

/** @param max Infinity: the model sets the limit */
function integer (name: string, text: string | undefined, min: number, max = Infinity): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? NaN : Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  const range = max === Infinity ? `from ${min}` : `from ${min} to ${max}`
  throw new UsageError(`${name} must be an integer ${range}, not ${quoted(text)}`)
}

/** A folder's name that is empty would stand for the working folder. */
function folder (name: string, text: string | undefined): string | undefined {
  if (text?.trim() === '') throw new UsageError(`${name} must name a folder, not ${quoted(text)}`)
  return text
}

/** What was typed, in quotes where it would not be seen. */
function quoted (text: string): string {
  return text.trim() === '' ? JSON.stringify(text) : text
}

function topP (text: string | undefined): number | undefined {
  const value = number('--top-p', text, 0, 1)
  if (value === 0) throw new UsageError('--top-p must be more than 0')
  return value
}

function oneOf<T extends string> (name: string, text: string | undefined, choices: readonly T[]): T | undefined {
  if (text === undefined) return undefined
  const choice = choices.find((each) => each === text)
  if (choice === undefined) throw new UsageError(`${name} must be one of ${choices.join(', ')}, not ${quoted(text)}`)
  return choice
}

/** That the sizes sum to 1 is checked with the request. */
function schedule (text: string | undefined): TextRequest['schedule'] {
  if (text === undefined || !/^[\d.,eE+ -]+$/.test(text)) return oneOf('--schedule', text, SCHEDULES)
  return text.split(',').map((size) => number('--schedule', size, 0, 1) ?? 0)
}

function stop (texts: readonly string[] | undefined): readonly string[] | undefined {
  if (texts === undefined) return undefined
  if (texts.length > MAX_STOP_STRINGS) throw new UsageError(`--stop may be given ${MAX_STOP_STRINGS} times, not ${texts.length}`)
  const bad = texts.find((text) => text.length < 1 || text.length > MAX_STOP_LENGTH)
  if (bad !== undefined) throw new UsageError(`--stop must have 1 to ${MAX_STOP_LENGTH} characters`)
  return texts
}
