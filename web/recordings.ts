/** Between what is on the page and recordings of it. */
import { Canvases, readRecording, replayed, type Recording } from '../src/client/index.js'
import { newLane, withItem, type Lane } from './take.js'

/** More outputs than that have no room beside each other. */
const MOST_LANES = 4

export function recordingOf ({ request, refinements, generation }: Lane, created: Date): Recording {
  const steps = refinements.map(({ atMs, event }) => ({ at_ms: rounded(atMs), event: 'step' as const, data: event }))
  const end = rounded(generation?.timings.total_ms ?? 0)
  const last = steps.at(-1)?.at_ms ?? 0
  return {
    fewstep_recording: 1,
    created: created.toISOString(),
    model: generation?.model ?? request.model ?? '',
    request,
    events: [...steps, ...generation === undefined ? [] : [{ at_ms: Math.max(last, end), event: 'done' as const, data: generation }]]
  }
}

/** A lane for each output. */
export function lanesOf (recording: Recording): Lane[] {
  const items = [...replayed(recording, new Canvases())]
  const indices = new Set(items.flatMap((item) => item.type === 'step' ? [item.index] : []))
  const sorted = [...indices.size === 0 ? [0] : indices].sort((a, b) => a - b).slice(0, MOST_LANES)
  return sorted.map((index) => items.reduce(withItem, newLane(recording.request, index)))
}

const ELEMENT = /<script\b[^>]*\bid="(fewstep-recording[^"]*)"[^>]*>/g

/**
 * The recordings of a file: JSON, or a page with one or two of them.
 * @throws RecordingError
 */
export function readRecordings (text: string): Recording[] {
  const others = [...text.matchAll(ELEMENT)].map(([, id = '']) => id).filter((id) => id !== 'fewstep-recording')
  const second = others.map((id) => readRecording(text.replace('id="fewstep-recording"', 'id="first"').replace(`id="${id}"`, 'id="fewstep-recording"')))
  return [readRecording(text), ...second]
}

function rounded (ms: number): number {
  return Math.round(ms * 1000) / 1000
}
