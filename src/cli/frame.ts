/** What the terminal shows at one moment: state in, lines out. */
import { layCells, type Cell } from './cells.js'
import type { DraftPiece } from './draft.js'
import { RESET, type Palette, type Style } from './palette.js'
import { wrap } from './wrap.js'

/** One output on its way. */
export interface OutputState {
  readonly pieces: readonly DraftPiece[]
  /** What is said about it, under its text. */
  readonly status: string
}

export interface FrameOptions {
  readonly columns: number
  /** Lines that may be used, all outputs together; Infinity once nothing will be redrawn. */
  readonly rows: number
  /** undefined: no colours. */
  readonly palette: Palette | undefined
}

/** One line, and how many columns it takes. */
export interface Line {
  readonly text: string
  readonly width: number
}

/** Lines that an output needs at least: one of text, its status, and a blank one between outputs. */
const MIN_ROWS = 3

/** Each output's text and, below it, its status; what does not fit is counted instead of shown. */
export function renderFrame (outputs: readonly OutputState[], options: FrameOptions): Line[] {
  const shown = outputs.slice(0, Math.max(1, Math.floor((options.rows + 1) / MIN_ROWS)))
  const rows = Math.floor((options.rows + 1) / shown.length) - 1
  const hidden = outputs.length - shown.length
  return shown.flatMap(({ pieces, status }, i) => {
    const note = i === shown.length - 1 && hidden > 0 ? `${status} · ${counted(hidden, 'output')}` : status
    const lines = renderOutput({ pieces, status: note }, { ...options, rows: Math.max(2, rows) })
    return i > 0 ? [{ text: '', width: 0 }, ...lines] : lines
  })
}

function counted (count: number, noun: string): string {
  return `${count} more ${noun}${count === 1 ? '' : 's'}`
}

function renderOutput ({ pieces, status }: OutputState, { columns, rows, palette }: FrameOptions): Line[] {
  const lines = wrap(layCells(pieces), columns)
  const hidden = lines.length + 1 > rows ? lines.length - (rows - 1) : 0
  const shown = hidden > 0 ? lines.slice(0, rows - 1) : lines
  const note = hidden > 0 ? `${status} · ${counted(hidden, 'line')}` : status
  return [...shown.map((cells) => renderLine(cells, palette)), statusLine(note.slice(0, columns), palette)]
}

export function renderLine (cells: readonly Cell[], palette: Palette | undefined): Line {
  const width = cells.reduce((sum, cell) => sum + cell.width, 0)
  if (palette === undefined) return { text: cells.map(({ text }) => text).join(''), width }
  let begun = ''
  let text = ''
  let style: Style = 'plain'
  for (const cell of cells) {
    if (cell.style !== style) {
      const next = palette(cell.style)
      if (next !== begun) text += (begun === '' ? '' : RESET) + next
      begun = next
      style = cell.style
    }
    text += cell.text
  }
  return { text: begun === '' ? text : text + RESET, width }
}

function statusLine (status: string, palette: Palette | undefined): Line {
  return { text: palette === undefined ? status : palette('status') + status + RESET, width: status.length }
}
