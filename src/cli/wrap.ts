/** Break cells into lines that fit a terminal. */
import type { Cell } from './cells.js'

/**
 * Lines break at spaces and masks, and inside a word only where the word is wider than the terminal. The space at which
 * a line breaks is dropped.
 */
export function wrap (cells: readonly Cell[], columns: number): Cell[][] {
  const lines: Cell[][] = []
  let line: Cell[] = []
  let width = 0
  const breakLine = (rest: Cell[]): void => {
    lines.push(line)
    line = rest
    width = rest.reduce((sum, cell) => sum + cell.width, 0)
  }
  for (const cell of cells) {
    if (cell.text === '\n') {
      breakLine([])
      continue
    }
    if (width + cell.width > columns) {
      if (cell.text === ' ') {
        breakLine([])
        continue
      }
      const end = cell.style === 'mask' ? line.length : line.findLastIndex(({ text, style }) => text === ' ' || style === 'mask') + 1
      const rest = end === 0 ? [] : line.splice(end)
      if (line.at(-1)?.text === ' ') line.pop()
      breakLine(rest)
    }
    line.push(cell)
    width += cell.width
  }
  lines.push(line)
  return lines
}
