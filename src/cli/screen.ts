/** A block of lines that is redrawn where it stands. */
import type { Line } from './frame.js'

export const HIDE_CURSOR = '\x1b[?25l'
export const SHOW_CURSOR = '\x1b[?25h'

export class Screen {
  #drawn: readonly Line[] = []

  /**
   * What to write so that these lines replace those drawn before; the cursor ends below them.
   * @param columns width of the terminal now: after it was made narrower, lines drawn before take several rows
   */
  draw (lines: readonly Line[], columns: number): string {
    const up = this.#drawn.reduce((sum, { width }) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    this.#drawn = lines
    const back = up === 0 ? '' : `\r\x1b[${up}A\x1b[J`
    return back + lines.map(({ text }) => text + '\n').join('')
  }
}
