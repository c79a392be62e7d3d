/** A canvas, finished or not, read as text. */
import type { CanvasLayout } from './canvas-layout.js'
import { cutAtStop, type Cut } from './cut.js'
import type { FinishReason } from './text-result.js'
import type { PreparedGeneration } from './prepare.js'

/** A text, or what is left of it where its beginning was read before. */
export interface CanvasText {
  /** Positions of that beginning, all of which belong to the text, and their text. */
  readonly begin: number
  readonly before: string
  /** Tokens of all positions that the text covers, also of those cut off. */
  readonly tokens: Int32Array
  /** One text piece for each of `tokens`; joined they are the text. */
  readonly pieces: readonly string[]
  /** Which of `tokens` belong to the text, ascending. */
  readonly kept: readonly number[]
  /** stop: what was made, or one of its gaps, was cut. */
  readonly finishReason: FinishReason
}

/** First and last (exclusive) position of the canvas that the text covers. */
export function coverage ({ segments }: CanvasLayout): [begin: number, end: number] {
  return [segments[0]?.begin ?? 0, segments.at(-1)?.end ?? 0]
}

/**
 * Segment by segment, so that bytes left open at the end of a gap do not spoil the given text after it, and the end of one gap's
 * text is not that of the others.
 * @param canvas tokens [L] of one row after some step
 */
export function readCanvas (prepared: PreparedGeneration, canvas: Int32Array): CanvasText {
  const { model: { tokenizer }, layout } = prepared
  const [first, last] = coverage(layout)
  const pieces: string[] = []
  const kept: number[] = []
  let finishReason: FinishReason = 'length'
  for (const { begin, end, editable } of layout.segments) {
    const tokens = canvas.subarray(begin, end)
    const part = editable
      ? readMade(prepared, tokens)
      : { pieces: tokenizer.pieces(tokens, { given: true }), kept: tokens.length, found: false }
    for (let i = 0; i < part.kept; i++) kept.push(begin - first + i)
    for (const piece of part.pieces) pieces.push(piece)
    if (part.found) finishReason = 'stop'
  }
  return { begin: 0, before: '', tokens: canvas.subarray(first, last), pieces, kept, finishReason }
}

/** What was made in a row ends before an end-of-text token or a stop string, whichever comes first: from there on its pieces are ''. */
function readMade (prepared: PreparedGeneration, tokens: Int32Array): Cut {
  return cutMade(prepared, tokens.length, decodeMade(prepared, tokens, true))
}

/** Pieces of what was made, up to an end-of-text token. */
export interface DecodedText {
  readonly pieces: readonly string[]
  /** Whether there is such a token. */
  readonly ended: boolean
}

/** @param isBeginning whether nothing that was made stands before */
export function decodeMade (
  { model: { tokenizer }, layout, endTokens, ignoreEnd }: PreparedGeneration, tokens: Int32Array, isBeginning: boolean
): DecodedText {
  const end = ignoreEnd ? -1 : tokens.findIndex((token) => endTokens.has(token))
  const pieces = tokenizer.pieces(end < 0 ? tokens : tokens.subarray(0, end))
  if (ignoreEnd) for (const [i, token] of tokens.entries()) if (endTokens.has(token)) pieces[i] = ''
  if (isBeginning && layout.followsSpace && pieces[0]?.startsWith(' ') === true) pieces[0] = pieces[0].slice(1)
  return { pieces, ended: end >= 0 }
}

/** @param length how many tokens there are, those after the end included */
export function cutMade ({ stop }: PreparedGeneration, length: number, { pieces, ended }: DecodedText): Cut {
  const cut = cutAtStop(pieces, stop)
  const rest = new Array<string>(length - cut.pieces.length).fill('')
  return { pieces: cut.pieces.concat(rest), kept: cut.kept, found: cut.found || ended }
}
