/** Server-sent events: their text, and a stream of them that a slow or vanished reader does not harm. */

/** @returns one event; JSON has no raw line breaks, so its data is always one line */
export function encodeEvent (event: string, data: object): string {
  return `event: ${event}\n${encodeData(data)}`
}

/** @returns an event without a name */
export function encodeData (data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
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

export interface PaceOptions {
  /** How long the stream may be silent. */
  readonly keepAliveMs: number
  /** A comment line: readers ignore it, proxies see that the connection lives. */
  readonly keepAlive: string
  /** The end of a stream that fails. */
  readonly onError: (error: unknown) => string
}

/**
 * The text of a stream of events. The next event is asked for only when the one before was taken, so nothing piles up
 * here for a reader who stalls; `events` is told (by `return`) when the reader leaves.
 * @param events each of them encoded
 * @param first the first `events.next()`, already asked for
 */
export async function * paced (
  events: AsyncIterator<string>, first: Promise<IteratorResult<string>>, options: PaceOptions
): AsyncGenerator<string, void, undefined> {
  let next = first
  try {
    for (;;) {
      const result = await within(options.keepAliveMs, next)
      if (result === undefined) {
        yield options.keepAlive
        continue
      }
      if (result.done === true) return
      yield result.value
      next = events.next()
    }
  } catch (error) {
    yield options.onError(error)
  } finally {
    next.catch(() => {}) // of a reader who left while it was awaited: nobody is there to be told
    await events.return?.()
  }
}
