/** Refinements between an engine that makes them and a reader who may be slow. Bounded. */
import type { TextUpdate } from './output-text.js'

/**
 * First in, first out. Beyond `limit` the oldest refinement that a newer one of the same row has overtaken is dropped:
 * a reader who falls behind sees fewer refinements, but always the last one of each row, last.
 */
export class StepQueue implements AsyncIterable<TextUpdate> {
  readonly #updates: TextUpdate[] = []
  readonly #limit: number
  #closed = false
  #wake: (() => void) | undefined

  /** @param limit at least the number of rows */
  constructor (limit: number) {
    this.#limit = limit
  }

  push (update: TextUpdate): void {
    this.#updates.push(update)
    if (this.#updates.length > this.#limit) this.#dropOvertaken()
    this.#wake?.()
  }

  /** No more comes: the iteration ends with what is queued. */
  close (): void {
    this.#closed = true
    this.#wake?.()
  }

  async * [Symbol.asyncIterator] (): AsyncGenerator<TextUpdate, void, undefined> {
    for (;;) {
      const update = this.#updates.shift()
      if (update !== undefined) yield update
      else if (this.#closed) return
      else await new Promise<void>((resolve) => { this.#wake = resolve })
    }
  }

  #dropOvertaken (): void {
    const updates = this.#updates
    const oldest = updates.findIndex(({ row }, i) => updates.some((later, j) => j > i && later.row === row))
    if (oldest >= 0) updates.splice(oldest, 1)
  }
}
