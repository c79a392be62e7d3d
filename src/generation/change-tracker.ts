/** What changed on a canvas since it was last told about. */
import type { CanvasText } from './canvas-reader.js'
import type { TextChange } from './text-result.js'

/**
 * One output as its reader knows it. The reader begins with no tokens and empty pieces; whoever applies every list
 * of changes in turn holds the pieces of the canvas last given.
 */
export class ChangeTracker {
  #known: Pick<CanvasText, 'tokens' | 'pieces'> = { tokens: new Int32Array(), pieces: [] }

  /** The changes from the canvas given before to this one. */
  changes (now: CanvasText): TextChange[] {
    const { tokens, pieces } = this.#known
    this.#known = now
    return now.pieces.flatMap((text, position) => {
      const token = now.tokens[position] ?? 0
      return token === tokens[position] && text === pieces[position] ? [] : [{ position, token, text }]
    })
  }
}
