/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * A number depends on (seed, block, step, position) alone, so a row draws the same noise whoever shares its batch, on
 * whichever worker, however often its step is run. A text of one canvas is block 0.
 */

const M0 = 0xD2511F53
const M1 = 0xCD9E8D57
const W0 = 0x9E3779B9
const W1 = 0xBB67AE85
const ROUNDS = 10
const UNIT = 2 ** -24

/** High 32 bits of the 64-bit product of two numbers of 32 bits, whatever their signs say. No sum in it takes more than 32 bits. */
function mulHigh (a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0
  const carry = ((middle & 0xffff) + Math.imul(aLow, bHigh)) | 0
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0
}

/** Four unsigned 32-bit numbers of a counter (four words) and a key (two words), written to `out`. */
export function philox (counter: readonly [number, number, number, number], key: readonly [number, number], out: Uint32Array): void {
  mix(counter[0] | 0, counter[1] | 0, counter[2] | 0, counter[3] | 0, key[0] | 0, key[1] | 0, out)
}

/** All in 32-bit integers and in no arrays: noise is drawn for every position of every step. */
function mix (c0: number, c1: number, c2: number, c3: number, k0: number, k1: number, out: Uint32Array): void {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0)
    const low0 = Math.imul(M0, c0)
    const high1 = mulHigh(M1, c2)
    const low1 = Math.imul(M1, c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + W0) | 0
    k1 = (k1 + W1) | 0
  }
  out[0] = c0
  out[1] = c1
  out[2] = c2
  out[3] = c3
}

/** A seed of up to 53 bits as a Philox key. */
function keyOf (seed: number): [number, number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0]
}

const words = new Uint32Array(4)

/**
 * The step graph's noise for one row: two uniforms in [0, 1) a position, 24 bits each, so that they are exact in float32.
 * @param step 1-based
 * @param out written at [offset, offset + 2 * length)
 * @param block of the text, from 0
 */
export function fillNoise (seed: number, step: number, length: number, out: Float32Array, offset: number, block = 0): void {
  const [k0, k1] = keyOf(seed)
  for (let position = 0; position < length; position++) {
    mix(position, step | 0, 0, block | 0, k0 | 0, k1 | 0, words)
    out[offset + 2 * position] = ((words[0] ?? 0) >>> 8) * UNIT
    out[offset + 2 * position + 1] = ((words[1] ?? 0) >>> 8) * UNIT
  }
}

/** A uniform in [0, 1) of one block of the row as a whole. */
export function rowUniform (seed: number, block = 0): number {
  philox([0, 0, 1, block], keyOf(seed), words)
  return ((words[0] ?? 0) >>> 8) * UNIT
}

/** A token of the uniform source: uniform over [0, vocabSize). Steps count from 1, so step 0 is free for it. */
export function sourceToken (seed: number, position: number, vocabSize: number, block = 0): number {
  philox([position, 0, 0, block], keyOf(seed), words)
  return Math.floor((words[0] ?? 0) * 2 ** -32 * vocabSize)
}

/** Three uniforms in [0, 1) of a position on the canvases of one pair; see likelihood.ts. */
export function scoreWords (seed: number, position: number, pair: number): readonly [number, number, number] {
  philox([position, pair, 2, 0], keyOf(seed), words)
  return [(words[0] ?? 0) * 2 ** -32, (words[1] ?? 0) * 2 ** -32, (words[2] ?? 0) * 2 ** -32]
}

/** Two uniforms in [0, 1) of the pair itself. */
export function pairWords (seed: number, pair: number): readonly [number, number] {
  philox([pair, 0, 3, 0], keyOf(seed), words)
  return [(words[0] ?? 0) * 2 ** -32, (words[1] ?? 0) * 2 ** -32]
}
