/** Canvases at t = 0: frozen tokens where they are given, source noise elsewhere. */
import { sourceToken } from './random.js'

export interface Source {
  readonly distribution: 'mask' | 'uniform'
  readonly vocabSize: number
  /** null for a uniform source */
  readonly maskTokenId: number | null
}

/**
 * @param block of the text, from 0
 * @returns tokens [L] at t = 0 of a template whose editable positions hold a draw from the source
 */
export function initialCanvas (
  template: { tokens: Int32Array, editable: Uint8Array }, source: Source, seed: number, block = 0
): Int32Array {
  const { maskTokenId } = source
  return template.tokens.map((token, position) => {
    if (template.editable[position] === 0) return token
    return maskTokenId ?? sourceToken(seed, position, source.vocabSize, block)
  })
}

/** Canvas lengths that the engine runs: multiples of 32 up to 128, then 1.25 to 1.5 times the one before. */
const BUCKETS = [32, 64, 96, 128, 192, 256, 320, 384, 512, 640, 768, 1024]

/**
 * The padded length at which a canvas runs. It depends on the canvas alone, never on the rest of its batch: sums over a
 * padded axis round differently at another length, and a seed must decide the result.
 */
export function lengthBucket (length: number, maxLength: number): number {
  const bucket = BUCKETS.find((b) => b >= length) ?? Math.ceil(length / 256) * 256
  return Math.min(bucket, maxLength)
}

/** Every padded length that a canvas of up to `maxLength` tokens can have, ascending. */
export function lengthBuckets (maxLength: number): number[] {
  const lengths: number[] = []
  for (let last = 0; last < maxLength;) {
    last = lengthBucket(last + 1, maxLength)
    lengths.push(last)
  }
  return lengths
}
