/** One line on standard error while a text is made for somebody else than this terminal. */
import type { ReplayItem } from '../client/index.js'

const CLEAR_LINE = '\r\x1b[K'

export class Progress {
  readonly #write: (text: string) => unknown
  #shown = false

  /** @param terminal undefined: nobody looks */
  constructor (terminal: { write: (text: string) => unknown } | undefined) {
    this.#write = (text) => terminal?.write(text)
  }

  show (item: ReplayItem): void {
    if (item.type !== 'step') return
    const outputs = item.index > 0 ? ` of output ${item.index}` : ''
    this.#write(`${CLEAR_LINE}step ${item.step}/${item.steps}${outputs} · ${(item.atMs / 1000).toFixed(1)} s`)
    this.#shown = true
  }

  close (): void {
    if (this.#shown) this.#write(CLEAR_LINE)
    this.#shown = false
  }
}
