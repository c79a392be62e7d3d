/** A recording out of a file that anybody may have made: JSON, or an HTML page that carries it. */
import { RECORDING_VERSION, type RecordedEvent, type Recording } from './recording.js'
import { CheckError, integer, isObject, list, number, object, string, type Check } from './checks.js'

/** Characters of a file; a recording of a canvas of 1,024 tokens and as many steps has a fifth of that. */
export const MAX_RECORDING_LENGTH = 64 * 2 ** 20
const MAX_EVENTS = 100_000
const MAX_POSITIONS = 65_536
const MAX_OUTPUTS = 128
const MAX_STEPS = 1_000_000
const MAX_TEXT = 2 ** 20
/** Positions of all steps together, each of which a replay keeps: 16 outputs of 1,024 tokens at 1,024 steps have a half of that. */
const MAX_MOMENTS = 2 ** 25

const ELEMENT = /<script\b[^>]*\bid\s*=\s*["']?fewstep-recording\b["']?[^>]*>([^]*?)<\/script/i

export class RecordingError extends Error {
  override readonly name = 'RecordingError'
}

/**
 * @param text of a file
 * @throws RecordingError that says what is wrong, and where
 */
export function readRecording (text: string): Recording {
  if (text.length > MAX_RECORDING_LENGTH) {
    throw new RecordingError(`the file has ${text.length} characters, and a recording at most ${MAX_RECORDING_LENGTH}`)
  }
  const value = parse(jsonIn(text))
  try {
    return checked(value)
  } catch (error) {
    throw error instanceof CheckError ? new RecordingError(`this is no recording: ${error.message}`) : error
  }
}

function jsonIn (text: string): string {
  if (!/^\s*</.test(text)) return text
  const json = ELEMENT.exec(text)?.[1]
  if (json === undefined) throw new RecordingError('the page carries no recording: it has no <script id="fewstep-recording">')
  return json
}

function parse (json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new RecordingError('the recording is not JSON', { cause: error })
  }
}

function checked (value: unknown): Recording {
  if (!isObject(value) || !('fewstep_recording' in value)) throw new RecordingError('this is no recording: it has no field fewstep_recording')
  const { fewstep_recording: version } = value
  if (version !== RECORDING_VERSION) {
    throw new RecordingError(`the recording is of version ${JSON.stringify(version)}, and only version ${RECORDING_VERSION} can be read here`)
  }
  object({ created: date, model: string(1000), request: object({}), events: list(event, MAX_EVENTS) })(value, '')
  const { events } = value as unknown as Recording
  if (events.length === 0) throw new CheckError('events has none')
  events.forEach(({ event }, i) => {
    if (event !== 'step' && i < events.length - 1) throw new CheckError(`events[${i}] is ${event}, and others come after it`)
  })
  checkPositions(events)
  return value as unknown as Recording
}

/** A canvas is told whole by the first step of each output; others may only make it longer, without holes. */
function checkPositions (events: readonly RecordedEvent[]): void {
  const lengths = new Map<number, number>()
  let moments = 0
  events.forEach(({ event, data }, i) => {
    if (event !== 'step') return
    const length = lengths.get(data.index) ?? 0
    const added = new Set(data.changes.map(({ position }) => position).filter((position) => position >= length))
    const hole = [...added].find((position) => position >= length + added.size)
    if (hole !== undefined) throw new CheckError(`events[${i}].data.changes has position ${hole}, and nothing stands before it`)
    lengths.set(data.index, length + added.size)
    moments += length + added.size
    if (moments > MAX_MOMENTS) throw new CheckError(`its steps have more than ${MAX_MOMENTS} positions together`)
  })
}

function date (value: unknown, path: string): void {
  string(100)(value, path)
  if (Number.isNaN(Date.parse(value as string))) throw new CheckError(`${path} must be a date`)
}

const change: Check = object({
  position: integer(0, MAX_POSITIONS - 1), token: integer(0, 2 ** 31 - 1), text: string(MAX_TEXT)
}, { masked: boolean, given: boolean })

const DATA: Record<RecordedEvent['event'], Check> = {
  step: object({
    index: integer(0, MAX_OUTPUTS - 1),
    step: integer(1, MAX_STEPS),
    steps: integer(1, MAX_STEPS),
    t: number(0, 1),
    changes: list(change, MAX_POSITIONS),
    text: string(MAX_TEXT)
  }, { confidence: list(number(0, 1.001), MAX_POSITIONS) }),
  done: object({
    model: string(1000),
    outputs: list(object({
      index: integer(0, MAX_OUTPUTS - 1),
      text: string(MAX_TEXT),
      seed: integer(0, Number.MAX_SAFE_INTEGER),
      steps: integer(0, MAX_STEPS),
      finish_reason: string(100)
    }), MAX_OUTPUTS),
    usage: object({ completion_tokens: integer(0, Number.MAX_SAFE_INTEGER) }),
    timings: object({ queue_ms: number(0, Infinity), compute_ms: number(0, Infinity), total_ms: number(0, Infinity) })
  }),
  error: object({ error: object({ code: string(100), message: string(MAX_TEXT) }) })
}

function event (value: unknown, path: string): void {
  object({ at_ms: number(0, Number.MAX_SAFE_INTEGER), event: string(100), data: object({}) })(value, path)
  const { event, data } = value as { event: string, data: unknown }
  const check = Object.hasOwn(DATA, event) ? DATA[event as RecordedEvent['event']] : undefined
  if (check === undefined) throw new CheckError(`${path}.event must be step, done or error, not ${JSON.stringify(event.slice(0, 40))}`)
  check(data, `${path}.data`)
}

function boolean (value: unknown, path: string): void {
  if (typeof value !== 'boolean') throw new CheckError(`${path} must be true or false`)
}
