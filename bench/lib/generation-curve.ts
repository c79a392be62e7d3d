/** Autoregressive against few-step generation over lengths and batches: measured, predicted, and where they meet. */
import { crossing, generationMs } from './cache-positions.js'
import type { CanvasFacts, DecoderFacts } from './bench-graphs.js'
import type { Round } from './generation-times.js'
import { predictedRatio, type Rates } from './roofline.js'
import { median, spread, type Spread } from '../../src/load/statistics.js'
import { digits } from '../../src/cli/bench/table.js'

export interface CurvePoint {
  readonly length: number
  readonly batch: number
  readonly steps: number
  /** Time token by token over time in `steps` steps: the median over the rounds. */
  readonly ratio: number
  readonly spread: Spread
  readonly predicted: number
  readonly autoregressiveMs: number
  readonly fewStepMs: number
  /** Whether the step's time is that of a smaller batch, times what is missing: a long step is bound by arithmetic. */
  readonly scaled: boolean
}

export interface Curve {
  readonly canvas: CanvasFacts
  readonly decoder: DecoderFacts
  readonly rates: Rates
  /** By batch, ascending. */
  readonly rounds: ReadonlyMap<number, readonly Round[]>
}

/** All points of one length and number of steps, ascending by batch. */
export function curvePoints ({ canvas, decoder, rates, rounds }: Curve, length: number, steps: number): CurvePoint[] {
  const points: CurvePoint[] = []
  let measured: { readonly batch: number, readonly stepMs: number } | undefined
  for (const [batch, each] of rounds) {
    const own = each.flatMap(({ stepMs }) => stepMs.get(length) ?? [])
    if (own.length > 0) measured = { batch, stepMs: median(own) }
    if (measured === undefined) throw new Error(`no step of ${length} tokens was timed`)
    const scaledMs = measured.stepMs * batch / measured.batch
    const sequential = each.map(({ tokenTimes }) => generationMs(tokenTimes, length))
    const ratios = each.map(({ stepMs }, round) => (sequential[round] ?? NaN) / (steps * (stepMs.get(length) ?? scaledMs)))
    points.push({
      length,
      batch,
      steps,
      ratio: median(ratios),
      spread: spread(ratios),
      predicted: predictedRatio({ canvas, decoder, rows: batch, length, steps }, rates),
      autoregressiveMs: median(sequential),
      fewStepMs: steps * scaledMs,
      scaled: own.length === 0
    })
  }
  return points
}

/** Batch from which the autoregressive model is faster: measured and predicted; null: not within the batches measured. */
export function overtaking (points: readonly CurvePoint[]): { readonly measured: number | null, readonly predicted: number | null } {
  return {
    measured: crossing(points),
    predicted: crossing(points.map(({ batch, predicted }) => ({ batch, ratio: predicted })))
  }
}

/** For a table. */
export function curveRow (name: string, { length, batch, steps, ratio, predicted, scaled }: CurvePoint): string[] {
  return [`${name}, ${length} tokens, ${steps} steps`, String(batch), `${digits(ratio)}${scaled ? '*' : ' '}`, digits(predicted)]
}
