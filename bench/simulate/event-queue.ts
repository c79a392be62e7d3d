/** Events in the order of their times; of one time, in the order of their ranks and then of coming: a binary heap. */

interface Entry<Event> {
  readonly atMs: number
  readonly rank: number
  readonly sequence: number
  readonly event: Event
}

export class EventQueue<Event> {
  readonly #heap: Array<Entry<Event>> = []
  #sequence = 0

  /** Time of the first event; Infinity without any. */
  get nextMs (): number {
    return this.#heap[0]?.atMs ?? Infinity
  }

  /** @param rank of events at one time the lowest comes first */
  push (atMs: number, rank: number, event: Event): void {
    const entry = { atMs, rank, sequence: this.#sequence++, event }
    let at = this.#heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = this.#heap[parent]
      if (above === undefined || !before(entry, above)) break
      this.#heap[at] = above
      at = parent
    }
    this.#heap[at] = entry
  }

  pop (): Event | undefined {
    const [first] = this.#heap
    const last = this.#heap.pop()
    if (first !== last && last !== undefined) this.#sink(last)
    return first?.event
  }

  /** Put an entry in the place of the first one. */
  #sink (entry: Entry<Event>): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      const child = left !== undefined && right !== undefined && before(right, left) ? right : left
      if (child === undefined || !before(child, entry)) break
      heap[at] = child
      at = child === right ? 2 * at + 2 : 2 * at + 1
    }
    heap[at] = entry
  }
}

function before<Event> (a: Entry<Event>, b: Entry<Event>): boolean {
  return (a.atMs - b.atMs || a.rank - b.rank || a.sequence - b.sequence) < 0
}
