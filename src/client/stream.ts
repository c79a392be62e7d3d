/** The refinements of a running generation. */
import { Canvases, type StreamItem } from './canvases.js'
import { ConnectionError, unexpectedAnswer } from './errors.js'
import { EventParser, type ParsedEvent } from './event-parser.js'
import type { Answer } from './transport.js'
import type { Generation, StreamEvent } from './types.js'

const EVENTS = new Set(['step', 'done', 'error'])

/** Read once: by a loop, or by `result()`, or by both, one after the other. The request is sent when reading begins. */
export class GenerationStream implements AsyncIterable<StreamItem> {
  readonly canvases = new Canvases()
  readonly #items: AsyncGenerator<StreamItem, void, undefined>
  #generation: Generation | undefined

  constructor (open: () => Promise<Answer>, signal: AbortSignal | undefined) {
    this.#items = this.#read(open, signal)
  }

  /** Leaving the loop early cancels the generation. */
  [Symbol.asyncIterator] (): AsyncGenerator<StreamItem, void, undefined> {
    return this.#items
  }

  /**
   * Read what is left, and return what it comes to.
   * @throws FewstepError, or the signal's reason
   */
  async result (): Promise<Generation> {
    while ((await this.#items.next()).done !== true) { /* the generation is kept by #read */ }
    if (this.#generation === undefined) throw new ConnectionError('the stream was left before its end', { code: 'stream_broken' })
    return this.#generation
  }

  async * #read (open: () => Promise<Answer>, signal: AbortSignal | undefined): AsyncGenerator<StreamItem, void, undefined> {
    const { response, sentAt } = await open()
    if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
      throw unexpectedAnswer(response.status, await response.text().catch(() => ''))
    }
    for await (const { event, arrivedAt } of eventsOf(response, signal)) {
      const item = this.canvases.apply(event, arrivedAt - sentAt)
      if (item.type === 'error') throw item.error
      if (item.type === 'done') this.#generation = item.generation
      yield item
      if (item.type === 'done') return
    }
    throw new ConnectionError('the stream ended before the generation was done', { code: 'stream_broken', status: response.status })
  }
}

interface Arrived {
  readonly event: StreamEvent
  /** On the clock of `performance.now()`. */
  readonly arrivedAt: number
}

async function * eventsOf (response: Response, signal: AbortSignal | undefined): AsyncGenerator<Arrived, void, undefined> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  const decoder = new TextDecoder()
  const parser = new EventParser()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      const arrivedAt = performance.now()
      if (done) return
      for (const parsed of parser.push(decoder.decode(value, { stream: true }))) {
        if (EVENTS.has(parsed.event)) yield { event: streamEvent(parsed, response.status), arrivedAt }
      }
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof TypeError) {
      throw new ConnectionError('the stream broke off', { code: 'stream_broken', status: response.status, cause: error })
    }
    throw error
  } finally {
    // Closes the connection where the stream is left before its end.
    await reader.cancel().catch(() => {})
  }
}

function streamEvent ({ event, data }: ParsedEvent, status: number): StreamEvent {
  try {
    return { event, data: JSON.parse(data) as unknown } as StreamEvent
  } catch {
    throw unexpectedAnswer(status, data)
  }
}
