/** Several streams as one. */

/** What came of which stream. */
export interface Part<Event> {
  readonly part: number
  readonly event: Event
}

type Arrival<Event> = { readonly part: number, readonly result: IteratorResult<Event, void> } | { readonly error: unknown }

/**
 * The events of all streams as they come. The streams begin together, and each is asked for its next event when the one before was taken.
 * @param leave called first when the reader leaves or a stream fails: whoever waits for something must be told to stop waiting
 */
export async function * merged<Event> (
  streams: ReadonlyArray<AsyncGenerator<Event, void, undefined>>, leave: () => void
): AsyncGenerator<Part<Event>, void, undefined> {
  const arrived: Array<Arrival<Event>> = []
  let wake: (() => void) | undefined
  const arrive = (arrival: Arrival<Event>): void => {
    arrived.push(arrival)
    wake?.()
  }
  const ask = (part: number): void => {
    streams[part]?.next().then((result) => { arrive({ part, result }) }, (error: unknown) => { arrive({ error }) })
  }
  try {
    for (const part of streams.keys()) ask(part)
    for (let open = streams.length; open > 0;) {
      const next = arrived.shift()
      if (next === undefined) await new Promise<void>((resolve) => { wake = resolve })
      else if ('error' in next) throw next.error
      else if (next.result.done === true) open--
      else {
        yield { part: next.part, event: next.result.value }
        ask(next.part)
      }
    }
  } finally {
    leave()
    await Promise.all(streams.map((stream) => stream.return()))
  }
}
