/** Which part of an unfinished text can never change any more: what may be told to a reader who cannot take anything back. */
import { isMaskedDiffusion } from '../model/manifest.js'
import type { CanvasText } from './canvas-reader.js'
import type { TextUpdate } from './output-text.js'
import type { PreparedGeneration } from './prepare.js'

export interface Settled {
  /** A prefix of the final text. */
  readonly text: string
  /** How many of its tokens it has. */
  readonly tokens: number
}

/**
 * Of a prompt's continuation all finished blocks, and everything before the first mask of the one that is being made, where steps
 * reveal tokens for good, but for an end that may begin a stop string or a character. Of templates nothing before the last step.
 */
export function settledText (prepared: PreparedGeneration, update: TextUpdate, view: CanvasText): Settled {
  const { begin, before, pieces, kept } = view
  if (update.last) return { text: before + pieces.join(''), tokens: begin + kept.length }
  const positions = settledPositions(prepared, update) - begin
  return {
    // What is cut off already may come back, where the stop string lies beyond the first mask; it is no part of this either way.
    text: withoutBegun(before + pieces.slice(0, positions).join(''), prepared.stop),
    tokens: begin + kept.filter((position) => position < positions).length
  }
}

/** How many positions, counted from the first that is made, hold tokens that stay. */
function settledPositions (prepared: PreparedGeneration, { before, tokens, block: index, blockDone }: TextUpdate): number {
  const { model: { manifest }, layout } = prepared
  const [segment] = layout.segments
  const block = layout.blocks[index]
  if (segment === undefined || block === undefined || layout.isTemplate) return 0
  if (blockDone) return block.end - segment.begin
  const made = Math.max(segment.begin, block.begin)
  if (!staysRevealed(prepared, index)) return made - segment.begin
  const from = before.tokens.length
  const mask = tokens.subarray(made - from, segment.end - from).indexOf(manifest.mask_token_id ?? -1)
  return (mask < 0 ? Math.min(segment.end, from + tokens.length) : made + mask) - segment.begin
}

/**
 * Masked diffusion reveals for good. In flow matching the cumulative solver corrects what it has revealed, and a uniform source has
 * no masks. The Euler solvers move masked positions only; but the last step draws every position anew where anything is given, as it is
 * to every block but the first.
 */
function staysRevealed ({ model: { manifest }, layout, engineRequest: { sampling } }: PreparedGeneration, block: number): boolean {
  if (isMaskedDiffusion(manifest)) return true
  return manifest.source_distribution === 'mask' && sampling.solver !== 'cumulative' && block === 0 && !layout.canvas.editable.includes(0)
}

/** The text up to where an end of it is the beginning of a stop string, and without the bytes at its end that are no character yet. */
function withoutBegun (settled: string, stop: readonly string[]): string {
  const text = settled.replace(/\ufffd+$/, '')
  const held = stop.map((string) => {
    let length = Math.min(string.length - 1, text.length)
    while (length > 0 && !text.endsWith(string.slice(0, length))) length--
    return length
  })
  return text.slice(0, text.length - Math.max(0, ...held))
}
