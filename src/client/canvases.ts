/** The outputs of a generation, from its events: what a stream yields, and a replay again. */
import { Canvas, type CanvasState } from './canvas.js'
import { errorOf, type FewstepError } from './errors.js'
import type { ErrorBody, Generation, StepEvent, StreamEvent } from './types.js'

interface Arrival {
  /** Milliseconds since the request was sent. */
  readonly atMs: number
}

/** One refinement of one output, its changes applied. */
export interface Refinement extends CanvasState, Arrival {
  readonly type: 'step'
  /** Which output, from 0. */
  readonly index: number
  /** Of each position, where it was asked for. */
  readonly confidence: readonly number[] | undefined
  /** As it was sent. */
  readonly event: StepEvent
}

/** The end: all outputs. */
export interface Finished extends Arrival {
  readonly type: 'done'
  readonly generation: Generation
  /** As it was sent. */
  readonly event: Generation
}

/** The end of a stream that failed. A live stream throws the error instead. */
export interface Failed extends Arrival {
  readonly type: 'error'
  readonly error: FewstepError
  /** As it was sent. */
  readonly event: ErrorBody
}

export type StreamItem = Refinement | Finished
export type ReplayItem = StreamItem | Failed

export class Canvases {
  readonly #canvases: Canvas[] = []

  /** By the outputs' indices. One without a refinement yet has none. */
  get all (): ReadonlyArray<Canvas | undefined> {
    return this.#canvases
  }

  /** The next event, in the order in which they came. */
  apply (event: StreamEvent, atMs: number): ReplayItem {
    switch (event.event) {
      case 'step': {
        const { data } = event
        const canvas = this.#canvases[data.index] ??= new Canvas()
        return { type: 'step', index: data.index, ...canvas.apply(data), confidence: data.confidence, atMs, event: data }
      }
      case 'done': return { type: 'done', generation: event.data, atMs, event: event.data }
      case 'error': return { type: 'error', error: errorOf(event.data), atMs, event: event.data }
    }
  }
}
