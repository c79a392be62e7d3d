/** A canvas, finished or not, read as text. */
import type { CanvasLayout } from './canvas-layout.js'
import { cutAtStop } from './cut.js'
import type { FinishReason } from './text-result.js'
import type { PreparedGeneration } from './prepare.js'

export interface CanvasText {
  /** Tokens of all positions that the text covers, also of those cut off. */
  readonly tokens: Int32Array
  /** One text piece for each of `tokens`; joined they are the text. */
  readonly pieces: readonly string[]
  /** How many of `tokens` belong to the text. */
  readonly kept: number
  readonly finishReason: FinishReason
}

/** First and last (exclusive) position of the canvas that the text covers. */
export function coverage ({ segments }: CanvasLayout): [begin: number, end: number] {
  return [segments[0]?.begin ?? 0, segments.at(-1)?.end ?? 0]
}

/** @param canvas tokens [L] of one row after some step */
export function readCanvas ({ model, layout, stop }: PreparedGeneration, canvas: Int32Array): CanvasText {
  const { tokenizer } = model
  const tokens = canvas.subarray(...coverage(layout))
  if (!layout.cuts) {
    // Segment by segment, so that bytes left open at the end of a gap do not spoil the given text after it.
    const pieces = layout.segments.flatMap(({ begin, end, editable }) => tokenizer.pieces(canvas.subarray(begin, end), { given: !editable }))
    return { tokens, pieces, kept: tokens.length, finishReason: 'length' }
  }
  const end = tokenizer.endOfTextTokenId === null ? -1 : tokens.indexOf(tokenizer.endOfTextTokenId)
  const cut = cutAtStop(tokenizer.pieces(end < 0 ? tokens : tokens.subarray(0, end)), stop)
  return {
    tokens,
    pieces: cut.pieces.concat(new Array<string>(tokens.length - cut.pieces.length).fill('')),
    kept: cut.kept,
    finishReason: cut.found || end >= 0 ? 'stop' : 'length'
  }
}
