/** What happens to a scheduler: requests with all their whims, workers with all their faults. A seed decides everything. */
import { philox } from '../../../src/diffusion/random.js'
import { Draw } from '../../support/draw.js'

export interface Arrival {
  readonly id: number
  readonly atMs: number
  /** One each for an output, all of one length. */
  readonly rows: number
  readonly length: number
  /** Equal: an exact budget. */
  readonly steps: { readonly min: number, readonly max: number }
  readonly filters: boolean
  readonly deadlineMs?: number | undefined
  readonly cancelAfterMs?: number | undefined
  /** Every step with one of its rows fails. */
  readonly poisoned: boolean
}

export interface Scenario {
  readonly seed: number
  readonly workers: number
  readonly maxBatch: number
  readonly maxQueue: number
  readonly maxWaitMs: number
  /** Masked diffusion: a row is done when no mask is left. */
  readonly revealsForGood: boolean
  /** A step takes between (1 - jitter) and (1 + jitter) times what it costs. */
  readonly jitter: number
  /** Of the steps that fail, and of those in which a worker dies. */
  readonly faultShare: number
  readonly deathShare: number
  /** More rows in one step fail, as where a device has too little memory. */
  readonly mostRows: number
  readonly arrivals: readonly Arrival[]
}

/** True cost of a step in ms; what the scheduler believes it learns from the steps. */
export function stepCostMs (rows: number, paddedLength: number, filters: boolean): number {
  return (1 + 0.05 * rows * paddedLength / 8) * (filters ? 2 : 1)
}

/** Uniform in [0, 1), the same whatever else is in the scenario: so that one without some of its arrivals goes as before. */
export function chance (seed: number, ...what: readonly [number, number, number]): number {
  const words = new Uint32Array(4)
  philox([...what, 1], [seed, 7], words)
  return (words[0] ?? 0) * 2 ** -32
}

/** @param count arrivals */
export function anyScenario (seed: number, count: number): Scenario {
  const draw = new Draw(seed)
  const faulty = draw.integer(0, 2) === 0
  const [workers, maxBatch] = [draw.integer(1, 4), draw.integer(1, 16)]
  // From idle to thrice of what the workers can do, in bursts or evenly.
  const meanGapMs = draw.of([200, 40, 15, 5]) / workers
  const burst = draw.of([1, 1, 8])
  let atMs = 0
  return {
    seed,
    workers,
    maxBatch,
    maxQueue: draw.of([16, 64, 256]),
    maxWaitMs: draw.of([500, 10_000, Infinity]),
    revealsForGood: draw.integer(0, 2) === 0,
    jitter: draw.of([0, 0.05, 0.5]),
    faultShare: faulty ? 0.02 : 0,
    deathShare: faulty ? 0.01 : 0,
    mostRows: draw.integer(0, 3) === 0 ? draw.integer(1, 8) : Infinity,
    arrivals: Array.from({ length: count }, (_, id) => {
      if (id % burst === 0) atMs -= burst * meanGapMs * Math.log(draw.integer(1, 2 ** 20) / 2 ** 20)
      const max = draw.of([1, 4, 8, 16, 40])
      return {
        id,
        atMs,
        rows: draw.of([1, 1, 1, 2, 4]),
        length: draw.of([4, 8, 8, 40, 64]),
        steps: { min: draw.integer(0, 2) === 0 ? Math.ceil(max / 4) : max, max },
        filters: draw.integer(0, 4) === 0,
        deadlineMs: draw.integer(0, 1) === 0 ? draw.of([20, 100, 500, 3000, 20_000]) : undefined,
        cancelAfterMs: draw.integer(0, 9) === 0 ? draw.integer(0, 400) : undefined,
        poisoned: faulty && draw.integer(0, 199) === 0
      }
    })
  }
}
