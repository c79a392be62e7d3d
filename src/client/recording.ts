/** A generation as it came, event by event, to be kept and replayed. */
import { Canvases, type ReplayItem } from './canvases.js'
import type { ErrorBody, GenerateRequest, Generation, StepEvent, StreamEvent } from './types.js'

export const RECORDING_VERSION = 1

interface At {
  /** Milliseconds since the request was sent. */
  readonly at_ms: number
}

export type RecordedEvent =
  | At & { readonly event: 'step', readonly data: StepEvent }
  | At & { readonly event: 'done', readonly data: Generation }
  | At & { readonly event: 'error', readonly data: ErrorBody }

export interface Recording {
  readonly fewstep_recording: typeof RECORDING_VERSION
  /** When it was made, ISO 8601. */
  readonly created: string
  /** The model's name. */
  readonly model: string
  /** As it was sent. */
  readonly request: GenerateRequest
  readonly events: readonly RecordedEvent[]
}

/** Keeps what a stream yields. */
export class Recorder {
  readonly #request: GenerateRequest
  readonly #created: Date
  readonly #events: RecordedEvent[] = []

  constructor (request: GenerateRequest, created: Date) {
    this.#request = request
    this.#created = created
  }

  add ({ type, atMs, event }: ReplayItem): void {
    this.#events.push({ at_ms: Math.round(atMs * 1000) / 1000, event: type, data: event } as RecordedEvent)
  }

  /** What has come so far. */
  get recording (): Recording {
    const done = this.#events.find(({ event }) => event === 'done')?.data as Generation | undefined
    return {
      fewstep_recording: RECORDING_VERSION,
      created: this.#created.toISOString(),
      model: done?.model ?? this.#request.model ?? '',
      request: this.#request,
      events: [...this.#events]
    }
  }
}

/** What the stream yielded, once more; `canvases` holds it at the end. */
export function * replayed ({ events }: Recording, canvases = new Canvases()): Generator<ReplayItem, void, undefined> {
  for (const { at_ms: atMs, event, data } of events) yield canvases.apply({ event, data } as StreamEvent, atMs)
}

/** The element that an HTML page carries a recording in. */
export function recordingElement (recording: Recording): string {
  // No text in it may end the element.
  return `<script type="application/json" id="fewstep-recording">${JSON.stringify(recording).replaceAll('<', '\\u003c')}</script>`
}
