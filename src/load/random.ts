/** Reproducible random numbers, from the generator that the service draws its noise from. */
import { philox } from '../diffusion/random.js'

/** Uniforms in [0, 1). Streams of one seed are independent of each other. */
export function uniforms (seed: number, stream = 0): () => number {
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0] as const
  const words = new Uint32Array(4)
  let drawn = 0
  return () => {
    const word = drawn % 4
    if (word === 0) philox([drawn / 4, 0, 0, stream], key, words)
    drawn++
    return (words[word] ?? 0) * 2 ** -32
  }
}

/** Exponentially distributed with mean 1: the inverse of its distribution function at a uniform. */
export function exponential (uniform: () => number): number {
  return -Math.log(1 - uniform())
}

/** Normally distributed with mean 0 and variance 1 (Box and Muller 1958). */
export function gaussian (uniform: () => number): number {
  return Math.sqrt(2 * exponential(uniform)) * Math.cos(2 * Math.PI * uniform())
}

/** @throws RangeError of no choices */
export function pick<T> (choices: readonly T[], uniform: () => number): T {
  if (choices.length === 0) throw new RangeError('nothing to pick from')
  // The index is within the list, as the uniform is below 1.
  return choices[Math.floor(uniform() * choices.length)] as T
}
