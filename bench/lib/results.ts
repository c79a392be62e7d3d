/** bench/results.json: the latest measurement of each figure, and what it was measured on. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { snakeCase } from '../../src/cli/bench/snake-case.js'

export interface Results {
  /** By the figure's name, in snake_case as all names in it. */
  readonly figures: Readonly<Record<string, unknown>>
}

/** @throws Error where the file is there and holds something else */
export function readResults (file: string): Results {
  if (!existsSync(file)) return { figures: {} }
  const { figures } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Results>
  if (typeof figures !== 'object') throw new Error(`${file} holds no results`)
  return { figures }
}

/** Put one figure in the place of its last measurement; the others stay. A crash on the way leaves the file as it was. */
export function writeFigure (file: string, name: string, figure: object): void {
  const figures = { ...readResults(file).figures, [name]: snakeCase(figure) }
  const sorted = Object.fromEntries(Object.entries(figures).sort(([a], [b]) => a < b ? -1 : 1))
  writeFileSync(`${file}.new`, `${JSON.stringify({ figures: sorted }, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}
