/** The arguments of `fewstep generate`, parsed and checked. */
import type { GenerateRequest } from '../client/index.js'
import { JUMPS } from '../diffusion/jump-times.js'
import { MAX_STEPS, SCHEDULE_NAMES } from '../diffusion/schedule.js'
import { SOLVERS } from '../diffusion/solver.js'
import { MAX_OUTPUTS, MAX_SEED, MAX_STOP_LENGTH, MAX_STOP_STRINGS, MAX_TEMPERATURE, MAX_TOP_K } from '../generation/text-request.js'
import { Arguments } from './arguments.js'
import { COMMANDS } from './commands.js'
import { showOptionsOf, type ShowOptions } from './show-options.js'
import { UsageError } from './usage-error.js'
import { list, number, oneOf, quoted, serverUrl } from './values.js'

export interface GenerateCommand extends ShowOptions {
  readonly request: GenerateRequest
  /** A folder; undefined: what the environment says. With a server the request has the model's name instead. */
  readonly model: string | undefined
  readonly url: string | undefined
  readonly apiKey: string | undefined
  readonly record: string | undefined
  /** The prompt is to be read from standard input. */
  readonly fromInput: boolean
  readonly help: boolean
}

/** @throws UsageError naming the option that is wrong */
export function parseGenerateOptions (args: readonly string[]): GenerateCommand {
  const given = new Arguments(COMMANDS.generate, args)
  const [prompt] = given.operands
  const template = given.text('template')
  if (given.operands.length > 1) throw new UsageError(`one prompt is taken, not ${given.operands.length}: put quotes around it`)
  if (prompt !== undefined && template !== undefined) throw new UsageError('a prompt and --template exclude each other')
  if (template !== undefined && given.text('max-tokens') !== undefined) {
    throw new UsageError('--max-tokens does not go with --template: its gaps say how many tokens are made')
  }
  if (template !== undefined && given.text('block-length') !== undefined) {
    throw new UsageError('--block-length does not go with --template: its gaps are filled at once')
  }
  const url = given.text('url')
  if (url === undefined && given.text('api-key') !== undefined) throw new UsageError('--api-key is for a server: which one? --url says it')
  const model = named('--model', 'a folder', given.text('model'))
  return {
    ...showOptionsOf(given),
    request: requestOf(given, { prompt: prompt === '-' ? undefined : prompt, model: url === undefined ? undefined : model }),
    model: url === undefined ? model : undefined,
    url: url === undefined ? undefined : serverUrl('--url', url).href,
    apiKey: given.text('api-key'),
    record: named('--record', 'a file', given.text('record')),
    fromInput: prompt === '-',
    help: given.flag('help')
  }
}

function requestOf (given: Arguments, { prompt, model }: { prompt: string | undefined, model: string | undefined }): GenerateRequest {
  const steps = given.steps('steps', MAX_STEPS)
  const request: GenerateRequest = {
    model,
    prompt,
    template: given.text('template'),
    max_tokens: given.integer('max-tokens', 1),
    block_length: given.integer('block-length', 1),
    steps: steps === undefined || steps.min < steps.max ? steps : steps.max,
    schedule: scheduleOf(given.text('schedule')),
    solver: given.oneOf('solver', SOLVERS),
    jumps: given.oneOf('jumps', JUMPS),
    reveal_above: revealAbove(given),
    temperature: given.number('temperature', 0, MAX_TEMPERATURE),
    top_k: given.integer('top-k', 0, MAX_TOP_K),
    top_p: topP(given),
    seed: given.integer('seed', 0, MAX_SEED),
    n: given.integer('n', 1, MAX_OUTPUTS),
    stop: stop(given.texts('stop')),
    stop_when_stable: given.flag('stop-when-stable') ? true : undefined
  }
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined))
}

/** A name that is empty would stand for the working folder. */
function named (name: string, what: string, text: string | undefined): string | undefined {
  if (text?.trim() === '') throw new UsageError(`${name} must name ${what}, not ${quoted(text)}`)
  return text
}

function topP (given: Arguments): number | undefined {
  const value = given.number('top-p', 0, 1)
  if (value === 0) throw new UsageError('--top-p must be more than 0')
  return value
}

function revealAbove (given: Arguments): number | undefined {
  const value = given.number('reveal-above', 0, 1)
  if (value === 0 || value === 1) throw new UsageError(`--reveal-above must be more than 0 and less than 1, not ${value}`)
  return value
}

/** That the sizes sum to 1 is checked with the request. */
function scheduleOf (text: string | undefined): GenerateRequest['schedule'] {
  if (text === undefined) return undefined
  if (!/^[\d.,eE+ -]+$/.test(text)) return oneOf('--schedule', text, SCHEDULE_NAMES)
  return list(text, (size) => number('--schedule', size, 0, 1))
}

function stop (texts: string[] | undefined): string[] | undefined {
  if (texts === undefined) return undefined
  if (texts.length > MAX_STOP_STRINGS) throw new UsageError(`--stop may be given ${MAX_STOP_STRINGS} times, not ${texts.length}`)
  const bad = texts.find((text) => text.length < 1 || text.length > MAX_STOP_LENGTH)
  if (bad !== undefined) throw new UsageError(`--stop must have 1 to ${MAX_STOP_LENGTH} characters`)
  return texts
}
