/**
 * When positions jump: each at a time of its own, and neighbours at times far apart.
 *
 * Positions that jump in one step are drawn without knowing of each other, so neighbours among them disagree. The law of a step
 * says how often a position jumps, not which positions jump together, and that is free: with position i jumping at the time
 * frac(u + i x 0.618...), uniform over [0, 1) for a uniform u, those of a step of size h lie about 1 / h apart. After the
 * dilated order of masked diffusion (arXiv 2506.19037); the golden ratio's multiples are spread evenly for any number of steps
 * (three-distance theorem).
 */
import { rowUniform } from './random.js'

/** independent: as published. spread: only with the cumulative solver, whose jumps are never more likely than a position's time is near. */
export const JUMPS = ['independent', 'spread'] as const
export type Jumps = (typeof JUMPS)[number]

/** The kappa(t) after which no jump time is to come. */
export const NO_TIME_TO_COME = 1

const GOLDEN = (Math.sqrt(5) - 1) / 2
const GRAIN = 2 ** 24

/**
 * Put jump times in the place of the step graph's noise for jumps, at [offset + 2 i] of position i.
 *
 * A position whose time is to come gets (time - kappa) / (1 - kappa), uniform in [0, 1) given that it is to come: one with p(z)
 * = 0 jumps in the step that holds its time, and any with the probability of its law. The others keep their independent noise.
 * @param kappa kappa(t) at the beginning of the step
 * @param block of the text, from 0
 */
export function spreadJumps (seed: number, kappa: number, length: number, noise: Float32Array, offset: number, block = 0): void {
  if (kappa >= NO_TIME_TO_COME) return
  const first = rowUniform(seed, block)
  for (let position = 0; position < length; position++) {
    const time = (first + position * GOLDEN) % 1
    // 24 bits, so that it is exact in float32 and below 1.
    if (time >= kappa) noise[offset + 2 * position] = Math.floor((time - kappa) / (1 - kappa) * GRAIN) / GRAIN
  }
}
