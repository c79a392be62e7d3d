/** Which part of an unfinished text can never change any more: what may be told to a reader who cannot take anything back. */
import { isMaskedDiffusion } from '../model/manifest.js'
import type { CanvasText } from './canvas-reader.js'
import type { PreparedGeneration } from './prepare.js'

export interface Settled {
  /** A prefix of the final text. */
  readonly text: string
  /** How many of its tokens it has. */
  readonly tokens: number
}

/**
 * Of a prompt's continuation everything before the first mask, where steps reveal tokens for good, but for an end that may begin a
 * stop string. Elsewhere, and of templates, nothing before the last step.
 * @param canvas tokens [L] after a step, and `view` what it reads as
 * @param done whether the step was the last one
 */
export function settledText (prepared: PreparedGeneration, canvas: Int32Array, view: CanvasText, done: boolean): Settled {
  if (done) return { text: view.pieces.join(''), tokens: view.kept.length }
  const positions = revealedPositions(prepared, canvas)
  return {
    // What is cut off already may come back, where the stop string lies beyond the first mask; it is no part of this either way.
    text: withoutBegunStop(view.pieces.slice(0, positions).join(''), prepared.stop),
    tokens: view.kept.filter((position) => position < positions).length
  }
}

/** How many positions, counted from the first that is made, hold tokens that stay. */
function revealedPositions (prepared: PreparedGeneration, canvas: Int32Array): number {
  const { model: { manifest }, layout } = prepared
  const [segment] = layout.segments
  if (segment === undefined || layout.isTemplate || !staysRevealed(prepared)) return 0
  const mask = canvas.subarray(segment.begin, segment.end).indexOf(manifest.mask_token_id ?? -1)
  return mask < 0 ? segment.end - segment.begin : mask
}

/**
 * Masked diffusion reveals for good. In flow matching the cumulative solver corrects what it has revealed, and a uniform source has
 * no masks. The Euler solvers move masked positions only; but the last step draws every position anew where anything is given.
 */
function staysRevealed ({ model: { manifest }, layout, engineRequest: { sampling } }: PreparedGeneration): boolean {
  if (isMaskedDiffusion(manifest)) return true
  return manifest.source_distribution === 'mask' && sampling.solver !== 'cumulative' && !layout.canvas.editable.includes(0)
}

/** The text up to where an end of it is the beginning of a stop string. */
function withoutBegunStop (text: string, stop: readonly string[]): string {
  const held = stop.map((string) => {
    let length = Math.min(string.length - 1, text.length)
    while (length > 0 && !text.endsWith(string.slice(0, length))) length--
    return length
  })
  return text.slice(0, text.length - Math.max(0, ...held))
}
