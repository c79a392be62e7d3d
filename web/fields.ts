/** The form as texts, and the requests that they make. Nothing is checked here: the server says what is wrong. */
import type { GenerateRequest, ModelCard } from '../src/client/index.js'
import { hasGap } from './template.js'

/** As they stand in the form; '' is the model's default. */
export interface Fields {
  /** A prompt, or a template where it has gaps. */
  readonly text: string
  readonly model: string
  readonly steps: string
  readonly length: string
  readonly temperature: string
  readonly seed: string
  readonly solver: string
  readonly schedule: string
  readonly jumps: string
  readonly stop: string
  /** Tokens of a block. */
  readonly block: string
  /** What is revealed at once is surer than this. */
  readonly reveal: string
  readonly priority: string
  /** '' or 'on'. */
  readonly compare: string
  readonly steps2: string
  readonly model2: string
}

export const EMPTY: Fields = {
  text: '',
  model: '',
  steps: '',
  length: '',
  temperature: '',
  seed: '',
  solver: '',
  schedule: '',
  jumps: '',
  stop: '',
  block: '',
  reveal: '',
  priority: '',
  compare: '',
  steps2: '',
  model2: ''
}

/** One request, or two to be compared. */
export function toRequests (fields: Fields): GenerateRequest[] {
  const first = toRequest(fields)
  if (fields.compare === '') return [first]
  return [first, toRequest({ ...fields, steps: fields.steps2 || fields.steps, model: fields.model2 || fields.model })]
}

/** What is no number goes as it is, so that the server can say what it should be. */
function toRequest (fields: Fields): GenerateRequest {
  const isTemplate = hasGap(fields.text)
  const body: Record<string, unknown> = {
    model: fields.model || undefined,
    prompt: isTemplate ? undefined : fields.text,
    template: isTemplate ? fields.text : undefined,
    max_tokens: isTemplate ? undefined : numeric(fields.length),
    steps: stepsOf(fields.steps),
    temperature: numeric(fields.temperature),
    seed: numeric(fields.seed),
    solver: fields.solver || undefined,
    schedule: scheduleOf(fields.schedule),
    jumps: fields.jumps || undefined,
    stop: stopOf(fields.stop),
    block_length: isTemplate ? undefined : numeric(fields.block),
    reveal_above: numeric(fields.reveal),
    priority: numeric(fields.priority)
  }
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
}

function numeric (text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  const number = Number(trimmed.replace(',', '.'))
  return Number.isFinite(number) ? number : trimmed
}

/** A number, or a range. */
function stepsOf (text: string): unknown {
  const [, min, max] = /^\s*(\d+)\s*(?:-|–|—|\.\.|…|to)\s*(\d+)\s*$/.exec(text) ?? []
  return min === undefined ? numeric(text) : { min: Number(min), max: Number(max) }
}

/** A name, or step sizes. */
function scheduleOf (text: string): unknown {
  const words = text.split(/[\s;,]+/).filter((word) => word !== '')
  if (words.length === 0) return undefined
  return words.some((word) => Number.isNaN(Number(word))) ? text.trim() : words.map(Number)
}

/** What the model takes where the form names no schedule. */
export function usualSchedule (
  { defaults, tuned_schedules: tuned = [] }: Pick<ModelCard, 'defaults' | 'tuned_schedules'>, { steps, solver, jumps }: Fields
): string {
  const count = steps.trim() || String(defaults.steps)
  const usual = (solver || defaults.solver) === defaults.solver && (jumps || defaults.jumps) === defaults.jumps
  return usual && tuned.some((each) => each.default && String(each.steps) === count) ? 'tuned' : defaults.schedule
}

/** One a line. */
function stopOf (text: string): unknown {
  const lines = text.split('\n').filter((line) => line !== '').map((line) => line.replaceAll('\\n', '\n'))
  return lines.length === 0 ? undefined : lines
}

/** The form that makes a request, to look at it again and change it. */
export function toFields ([first = {}, second]: readonly GenerateRequest[]): Fields {
  const { schedule, stop } = first
  return {
    text: first.template ?? first.prompt ?? '',
    model: first.model ?? '',
    steps: stepsText(first.steps),
    length: shown(first.max_tokens),
    temperature: shown(first.temperature),
    seed: shown(first.seed),
    solver: first.solver ?? '',
    schedule: Array.isArray(schedule) ? schedule.join(' ') : schedule ?? '',
    jumps: first.jumps ?? '',
    stop: (typeof stop === 'string' ? [stop] : stop ?? []).map((each) => each.replaceAll('\n', '\\n')).join('\n'),
    block: shown(first.block_length),
    reveal: shown(first.reveal_above),
    priority: shown(first.priority),
    compare: second === undefined ? '' : 'on',
    steps2: stepsText(second?.steps),
    model2: second?.model ?? ''
  }
}

export function stepsText (steps: GenerateRequest['steps']): string {
  return typeof steps === 'object' ? `${steps.min}–${steps.max}` : shown(steps)
}

function shown (value: number | undefined): string {
  return value === undefined ? '' : String(value)
}
