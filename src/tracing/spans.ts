/**
 * What a trace shows of a request: a span for it, in it one for each wait in the queue and one for each step. They are no-ops
 * unless `startTracing` has been called.
 *
 * Names are those of OpenTelemetry's conventions for HTTP and generative AI where there are any, else begin with `fewstep.`.
 */
import { propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Attributes, type Context, type Span } from '@opentelemetry/api'
import type { RanStep, TicketObserver } from '../engine/request.js'

/** Of one request; beyond them steps are counted, not shown: 32 canvases of 1,024 steps would be more than anybody reads. */
export const MAX_STEP_SPANS = 512

/** It becomes a real one when the SDK is there. */
const tracer = trace.getTracer('fewstep')

/** ms since 1970, as spans want them, of ms of the engine's clock, which counts from the start of the process. */
const epochMs = (ms: number): number => performance.timeOrigin + ms

export interface RequestSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** Watches over a ticket of the request. */
  readonly observer: TicketObserver
  end (outcome: { readonly status: number, readonly error?: string | undefined, readonly attributes: Attributes }): void
}

/**
 * @param headers of the request: its span belongs to the trace that `traceparent` names, if it names one
 * @returns undefined where nobody would see the span
 */
export function openSpan (headers: Readonly<Record<string, unknown>>, name: string, attributes: Attributes): RequestSpan | undefined {
  const parent = propagation.extract(ROOT_CONTEXT, headers)
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent)
  if (!span.isRecording()) return undefined
  const steps = new StepSpans(span, trace.setSpan(parent, span))
  return {
    traceId: span.spanContext().traceId,
    observer: steps,
    end: ({ status, error, attributes: more }) => {
      span.setAttributes({ ...more, 'http.response.status_code': status, ...steps.summary })
      if (error !== undefined) span.setAttribute('error.type', error)
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    }
  }
}

class StepSpans implements TicketObserver {
  readonly #span: Span
  readonly #context: Context
  #shown = 0
  #left = 0
  #retries = 0

  constructor (span: Span, itsContext: Context) {
    this.#span = span
    this.#context = itsContext
  }

  get summary (): Attributes {
    return {
      ...(this.#retries > 0 ? { 'fewstep.retries': this.#retries } : {}),
      ...(this.#left > 0 ? { 'fewstep.steps_not_shown': this.#left } : {})
    }
  }

  begun (submittedAt: number, at: number): void {
    this.#add('queue', submittedAt, at, {})
  }

  stepped ({ begin, end, row, block, step, steps, rows, paddedLength, worker }: RanStep): void {
    if (this.#shown === MAX_STEP_SPANS) {
      this.#left++
      return
    }
    this.#shown++
    this.#add('step', begin, end, {
      'fewstep.output': row,
      'fewstep.block': block,
      'fewstep.step': step,
      'fewstep.steps': steps,
      'fewstep.batch.rows': rows,
      'fewstep.batch.padded_length': paddedLength,
      'fewstep.worker.pid': worker
    })
  }

  retried (row: number, at: number): void {
    this.#retries++
    this.#span.addEvent('step failed, run again', { 'fewstep.output': row }, epochMs(at))
  }

  #add (name: string, begin: number, end: number, attributes: Attributes): void {
    tracer.startSpan(name, { startTime: epochMs(begin), attributes }, this.#context).end(epochMs(end))
  }
}
