/** What changed on a canvas since it was last told about. */
import type { CanvasText } from './canvas-reader.js'
import type { TextChange } from './text-result.js'

/**
 * One output as its reader knows it. The reader begins with no tokens and empty pieces; whoever applies every list
 * of changes in turn holds the pieces of the canvas last given.
 */
export class ChangeTracker {
  readonly #tokens: number[] = []
  readonly #pieces: string[] = []

  /** The changes from the canvas given before to this one, of which positions before `begin` are as they were. */
  changes ({ begin, tokens, pieces }: CanvasText): TextChange[] {
    return pieces.flatMap((text, i) => {
      const position = begin + i
      const token = tokens[i] ?? 0
      if (token === this.#tokens[position] && text === this.#pieces[position]) return []
      this.#tokens[position] = token
      this.#pieces[position] = text
      return [{ position, token, text }]
    })
  }
}
