/** What the colours of a view mean, in one line. */
import type { Cell } from './cells.js'
import type { View } from './commands.js'
import { stepLevel } from './draft.js'
import { renderLine, type Line } from './frame.js'
import { LEVELS, type Palette, type Style } from './palette.js'

/** @returns undefined where there are no colours, or no room for it */
export function legendOf (view: View, steps: number, columns: number, palette: Palette | undefined): Line | undefined {
  if (palette === undefined || (view !== 'timeline' && view !== 'confidence')) return undefined
  const [first, last] = view === 'timeline' ? ['first change ', ' last'] : ['unsure ', ' sure']
  const wide = [cell(first, 'status'), ...shades(view, steps), cell(last, 'status')]
  const short = [cell(first, 'status'), ...Array.from({ length: LEVELS }, (_, level) => cell('  ', `level ${level}`)), cell(last, 'status')]
  const fitting = [wide, short].find((cells) => cells.reduce((sum, { width }) => sum + width, 0) <= columns)
  return fitting === undefined ? undefined : renderLine(fitting, palette)
}

/** Each shade with what has it. */
function shades (view: View, steps: number): Cell[] {
  if (view === 'confidence') {
    return Array.from({ length: LEVELS }, (_, level) => cell(` ${Math.round(100 * level / LEVELS)}${level === LEVELS - 1 ? ' %' : ''} `, `level ${level}`))
  }
  const ranges = new Map<number, [number, number]>()
  for (let step = 1; step <= steps; step++) {
    const level = stepLevel(step, steps)
    ranges.set(level, [ranges.get(level)?.[0] ?? step, step])
  }
  return [...ranges].map(([level, [from, to]]) => cell(from === to ? ` ${from} ` : ` ${from}-${to} `, `level ${level}`))
}

function cell (text: string, style: Style): Cell {
  return { text, width: text.length, style }
}
