/** Show a generation, wherever it comes from: in place on a terminal, else its finished text alone, or JSON. */
import { WriteStream } from 'node:tty'
import type { Generation, ReplayItem } from '../client/index.js'
import { readClientSettings } from '../config.js'
import { layCells } from './cells.js'
import type { View } from './commands.js'
import { draftOf, type DraftPiece } from './draft.js'
import { renderLine } from './frame.js'
import { LiveView } from './live-view.js'
import { paletteOf, type Palette } from './palette.js'
import { print } from './print.js'
import { printable, printableJson } from './printable.js'
import { Progress } from './progress.js'
import type { ShowOptions } from './show-options.js'
import { wrap } from './wrap.js'

export interface Presented {
  readonly items: AsyncIterable<ReplayItem>
  readonly prompt: string
  readonly drafts: ReadonlyArray<readonly DraftPiece[]>
  readonly status: string
}

/** @throws the error that the generation failed with */
export async function present (presented: Presented, { view, json, color }: ShowOptions): Promise<void> {
  const palette = paletteOf(colorDepth(color), view)
  if (!json && view !== 'plain' && process.stdout.isTTY) return await showInPlace(presented, view, palette)
  const progress = new Progress(process.stderr.isTTY ? process.stderr : undefined)
  const last: DraftPiece[][] = []
  let generation: Generation | undefined
  try {
    for await (const item of presented.items) {
      if (item.type === 'error') throw item.error
      if (item.type === 'step') last[item.index] = draftOf(item, view, true)
      else generation = item.generation
      progress.show(item)
    }
  } finally {
    progress.close()
  }
  if (generation === undefined) throw new Error('the recording ends before its generation was done')
  if (json) return print(`${printableJson(generation)}\n`)
  print(textOf(generation, last, presented.prompt, view === 'plain' || view === 'live' ? undefined : palette))
}

/** Prompt and continuation of each output, a blank line between outputs; in a view's colours where those are wanted. */
function textOf (
  { outputs }: Generation, drafts: ReadonlyArray<readonly DraftPiece[]>, prompt: string, palette: Palette | undefined
): string {
  // A file gets what the model wrote; a terminal nothing that could control it.
  const shown = process.stdout.isTTY ? printable : (text: string): string => text
  return outputs.map(({ index, text }) => palette === undefined
    ? `${shown(prompt + text)}\n`
    : wrap(layCells([{ text: prompt, given: true }, ...drafts[index] ?? []]), Infinity)
      .map((cells) => `${renderLine(cells, palette).text}\n`).join('')).join('\n')
}

async function showInPlace ({ items, prompt, drafts, status }: Presented, view: View, palette: Palette | undefined): Promise<void> {
  const live = new LiveView({ terminal: process.stdout, view, palette, prompt, drafts, status })
  const resized = (): void => { live.resized() }
  process.stdout.on('resize', resized)
  try {
    for await (const item of items) {
      if (item.type === 'error') throw item.error
      live.show(item)
    }
  } finally {
    process.stdout.off('resize', resized)
    live.close()
  }
}

/** Bits a colour, 1 for none: Node knows NO_COLOR, FORCE_COLOR and the terminals. */
function colorDepth (color: boolean): number {
  if (!color) return 1
  if (process.stdout.isTTY) return process.stdout.getColorDepth()
  return readClientSettings().forceColor ? WriteStream.prototype.getColorDepth() : 1
}
