/** The roofline model (Williams, Waterman and Patterson 2009): work is bound by its bytes or by its arithmetic. */
import type { CanvasFacts, DecoderFacts } from './bench-graphs.js'

export interface Rates {
  /** Floating-point operations that matrix products do. */
  readonly flopsPerSecond: number
  readonly bytesPerSecond: number
}

export interface Work {
  readonly flops: number
  /** From memory. */
  readonly bytes: number
}

/** Weights are float32 while a session uses them. */
const WEIGHT_BYTES = 4

export function rooflineMs ({ flops, bytes }: Work, { flopsPerSecond, bytesPerSecond }: Rates): number {
  return 1000 * Math.max(flops / flopsPerSecond, bytes / bytesPerSecond)
}

/** One step of a batch of whole canvases; its activations are taken to stay in caches. */
export function canvasStep (facts: CanvasFacts, rows: number, length: number): Work {
  const perRow = length * (facts.flops_per_token + length * facts.attention_flops_per_pair) + facts.flops_per_row
  return { flops: rows * perRow, bytes: WEIGHT_BYTES * facts.matrix_parameters }
}

/** The token at `position` of each of `rows` rows; the weights are read once for all of them. */
export function decoderToken (facts: DecoderFacts, rows: number, position: number): Work {
  return {
    flops: rows * (facts.flops_per_token + (position + 1) * facts.attention_flops_per_pair),
    bytes: WEIGHT_BYTES * facts.matrix_parameters + rows * position * facts.cache_bytes_per_position
  }
}

export interface Comparison {
  readonly canvas: CanvasFacts
  readonly decoder: DecoderFacts
  readonly rows: number
  readonly length: number
  readonly steps: number
}

/** Predicted time of `length` tokens one after another over that of `steps` steps of canvases of that length. */
export function predictedRatio ({ canvas, decoder, rows, length, steps }: Comparison, rates: Rates): number {
  let decoderMs = 0
  for (let position = 0; position < length; position++) decoderMs += rooflineMs(decoderToken(decoder, rows, position), rates)
  return decoderMs / (steps * rooflineMs(canvasStep(canvas, rows, length), rates))
}
