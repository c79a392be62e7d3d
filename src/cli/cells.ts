/** A draft as characters on a terminal, each with its style. */
import { displayWidth } from './display-width.js'
import type { DraftPiece } from './draft.js'
import type { Style } from './palette.js'
import { printable } from './printable.js'

export interface Cell {
  /** One character; '\n' ends a line. */
  readonly text: string
  readonly width: number
  readonly style: Style
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

function styleOf ({ given, masked, changed, level }: DraftPiece): Style {
  if (given === true) return 'given'
  if (masked === true) return 'mask'
  if (level !== undefined) return `level ${level}`
  return changed === true ? 'changed' : 'plain'
}

/** A word of which a part changed is changed as a whole; what is given or still masked keeps its style. */
export function layCells (pieces: readonly DraftPiece[]): Cell[] {
  const cells = pieces.flatMap((piece) => {
    const style = styleOf(piece)
    return Array.from(graphemes.segment(printable(piece.text)), ({ segment }): Cell =>
      ({ text: segment, width: segment === '\n' ? 0 : displayWidth(segment), style }))
  })
  let word: number[] = []
  const highlight = (): void => {
    if (word.some((i) => cells[i]?.style === 'changed')) {
      for (const i of word) {
        const cell = cells[i]
        if (cell?.style === 'plain') cells[i] = { ...cell, style: 'changed' }
      }
    }
    word = []
  }
  cells.forEach((cell, i) => {
    if (/^\s/.test(cell.text)) {
      highlight()
      if (cell.style === 'changed') cells[i] = { ...cell, style: 'plain' }
    } else {
      word.push(i)
    }
  })
  highlight()
  return cells
}
