/** Server-sent events: their text, and a stream of them that a slow or vanished reader does not harm. */

/** A comment line: readers ignore it, proxies see that the connection lives. */
export const KEEP_ALIVE = ': keep-alive\n\n'

export interface ServerSentEvent {
  readonly event: string
  readonly data: object
}

/** JSON has no raw line breaks, so the data is always one line. */
export function encodeEvent ({ event, data }: ServerSentEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** What the promise resolves to, or undefined where that takes longer than `ms`. */
export async function within<T> (ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const idle = new Promise<undefined>((resolve) => { timer = setTimeout(resolve, ms, undefined) })
  try {
    return await Promise.race([promise, idle])
  } finally {
    clearTimeout(timer)
  }
}

export interface EncodeOptions {
  /** How long the stream may be silent. */
  readonly keepAliveMs: number
  /** The last event of a stream that fails. */
  readonly onError: (error: unknown) => ServerSentEvent
}

/**
 * The text of a stream of events. The next event is asked for only when the one before was taken, so nothing piles up
 * here for a reader who stalls; `events` is told (by `return`) when the reader leaves.
 * @param first the first `events.next()`, already asked for
 */
export async function * encodeEvents (
  events: AsyncIterator<ServerSentEvent>, first: Promise<IteratorResult<ServerSentEvent>>, options: EncodeOptions
): AsyncGenerator<string, void, undefined> {
  let next = first
  try {
    for (;;) {
      const result = await within(options.keepAliveMs, next)
      if (result === undefined) {
        yield KEEP_ALIVE
        continue
      }
      if (result.done === true) return
      yield encodeEvent(result.value)
      next = events.next()
    }
  } catch (error) {
    yield encodeEvent(options.onError(error))
  } finally {
    next.catch(() => {}) // of a reader who left while it was awaited: nobody is there to be told
    await events.return?.()
  }
}
