/** Between what is on the page and recordings of it. */
import { Canvases, readRecording, Recorder, replayed, type Recording } from '../src/client/index.js'
import { newLane, withItem, type Lane } from './take.js'

/** More outputs than that have no room beside each other. */
const MOST_LANES = 4

export function recordingOf ({ request, refinements, generation }: Lane, created: Date): Recording {
  const recorder = new Recorder(request, created)
  for (const refinement of refinements) recorder.add(refinement)
  if (generation !== undefined) {
    const atMs = Math.max(refinements.at(-1)?.atMs ?? 0, generation.timings.total_ms)
    recorder.add({ type: 'done', atMs, generation, event: generation })
  }
  return recorder.recording
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
