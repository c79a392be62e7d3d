/** Texts made block after block: which positions each makes, and what it sees of the others. */
import type { CanvasTemplate } from '../engine/request.js'
import { FewstepError } from '../errors.js'
import { isMaskedDiffusion, type Manifest } from '../model/manifest.js'
import type { Model } from '../model/model.js'
import { DEFAULT_BLOCK_LENGTH } from './text-request.js'

/** Positions of a text. */
export interface Span {
  readonly begin: number
  readonly end: number
}

export interface Block extends Span {
  /** The part of the text that lies on its canvas: it makes what is editable of itself, and sees the rest. */
  readonly window: Span
}

/** A text that is made at once. */
export function onlyBlock (length: number): Block[] {
  return [{ begin: 0, end: length, window: { begin: 0, end: length } }]
}

/** Of a text longer than the canvas, tokens. */
export interface BlockLengths {
  /** Where nothing is said. */
  readonly usual: number
  /** So that each block sees as much of what stands before it. */
  readonly most: number
}

export function blockLengthsOf ({ max_length: maxLength }: Pick<Manifest, 'max_length'>): BlockLengths {
  const most = Math.max(1, Math.floor(maxLength / 2))
  return { usual: Math.min(DEFAULT_BLOCK_LENGTH, most), most }
}

/**
 * How the positions `made` of a text are made, which begins at 0 and ends with them.
 *
 * Flow matching: what stands before a block is its frozen prefix, and where that is more than the canvas has room for, the oldest part of
 * it leaves the window. Masked diffusion, semi-autoregressive as published (LLaDA, arXiv 2502.09992): the window is as long as the canvas,
 * so that a block sees the masks of those after it, and moves on when a block lies beyond its end.
 * @param blockLength undefined: none, where the text fits the canvas
 * @throws FewstepError invalid_block_length
 */
export function planBlocks (model: Model, made: Span, blockLength: number | undefined): Block[] {
  const { max_length: maxLength } = model.manifest
  const fits = made.end <= maxLength
  const { usual, most } = blockLengthsOf(model.manifest)
  const length = blockLength ?? (fits ? made.end - made.begin : usual)
  if (!fits && length > most) {
    throw new FewstepError('invalid_block_length',
      `block_length is ${length}, but a text longer than the model's canvas of ${maxLength} tokens takes blocks of at most ${most}, ` +
      'so that each sees as much of what stands before it; lower block_length', { field: 'block_length' })
  }
  const seen = isMaskedDiffusion(model.manifest) ? Math.min(made.end, maxLength) : 0
  const blocks: Block[] = []
  for (let { begin } = made; begin < made.end; begin += length) {
    const end = Math.min(begin + length, made.end)
    const last = Math.max(seen, end)
    blocks.push({ begin, end, window: { begin: Math.max(0, last - maxLength), end: last } })
  }
  return blocks
}

/**
 * A block's canvas.
 * @param text tokens of the whole text as far as it is made, and what the source has elsewhere: masks, where there are any
 * @param editable of the whole text
 */
export function canvasOf ({ begin, end, window }: Block, text: Int32Array, editable: Uint8Array): CanvasTemplate {
  const flags = editable.slice(window.begin, window.end)
  flags.fill(0, 0, begin - window.begin)
  flags.fill(0, end - window.begin)
  return { tokens: text.slice(window.begin, window.end), editable: flags }
}
