/** A text in the making, read refinement by refinement. */
import { coverage, cutMade, decodeMade, readCanvas, type CanvasText } from './canvas-reader.js'
import type { PreparedGeneration } from './prepare.js'

/** A text up to the end of the block that is being made. */
export interface UnfinishedText {
  /** Its tokens before the block: they stay. */
  readonly before: { readonly tokens: Int32Array }
  /** The block's. */
  readonly tokens: Int32Array
}

/**
 * One output, each of whose blocks is decoded while it is made and once more afterwards: the work for a whole text grows with its
 * length, not with the square of it. Positions that a reading leaves out stand as the one before left them.
 */
export class TextReader {
  readonly #prepared: PreparedGeneration
  /** So many positions are read for good: they hold whole characters, and their text is `#text`. */
  #done = 0
  #text = ''

  constructor (prepared: PreparedGeneration) {
    this.#prepared = prepared
  }

  /** @param text each time at least as far as the time before */
  read ({ before, tokens }: UnfinishedText): CanvasText {
    const { layout } = this.#prepared
    if (layout.blocks.length === 1) return readCanvas(this.#prepared, joined(before.tokens, tokens))
    const [first] = coverage(layout)
    const finished = before.tokens.subarray(first + this.#done)
    const part = joined(finished, tokens)
    const decoded = decodeMade(this.#prepared, part, this.#done === 0)
    if (this.#reachesBack(decoded.pieces)) {
      this.#done = 0
      this.#text = ''
      return this.read({ before, tokens })
    }
    const cut = cutMade(this.#prepared, part.length, decoded)
    const text: CanvasText = {
      begin: this.#done,
      before: this.#text,
      tokens: part,
      pieces: cut.pieces,
      kept: Array.from({ length: cut.kept }, (_, i) => i),
      finishReason: cut.found ? 'stop' : 'length'
    }
    // What is cut may come back in the next refinement.
    if (!cut.found) this.#finish(finished, decoded.pieces)
    return text
  }

  /** Whether a stop string begins in what was read before, or right behind it: then tokens of that are cut, too. */
  #reachesBack (pieces: readonly string[]): boolean {
    const { stop } = this.#prepared
    if (this.#done === 0 || stop.length === 0) return false
    const end = this.#text.slice(-Math.max(...stop.map(({ length }) => length)))
    const text = end + pieces.join('')
    return stop.some((string) => {
      const at = text.indexOf(string)
      return at >= 0 && at <= end.length
    })
  }

  #finish (finished: Int32Array, pieces: readonly string[]): void {
    const closed = this.#prepared.model.tokenizer.closed(finished)
    this.#text += pieces.slice(0, closed).join('')
    this.#done += closed
  }
}

function joined (before: Int32Array, tokens: Int32Array): Int32Array {
  const whole = new Int32Array(before.length + tokens.length)
  whole.set(before)
  whole.set(tokens, before.length)
  return whole
}
