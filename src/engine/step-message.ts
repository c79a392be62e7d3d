/**
 * One step's numbers as one block of bytes, the same on both sides of the pipe to a session worker.
 *
 * A sender keeps one `Arena` and fills it anew for every step; only the bytes in use travel. Noise does not: the worker
 * draws it from (seed, block, step, position).
 */
import type { Lane } from './lane.js'

/** B rows padded to L positions. */
export interface BatchShape {
  readonly rows: number
  readonly paddedLength: number
  /** Absent: step. */
  readonly lane?: Lane
}

/** `revealAbove` of a row that reveals by plan alone: no probability is above it. */
export const BY_PLAN = 2

const BATCH = {
  seed: [Float64Array, 'row'],
  /** 1-based: which step's noise. */
  step: [Int32Array, 'row'],
  /** Of the text, from 0: whose noise. */
  block: [Int32Array, 'row'],
  length: [Int32Array, 'row'],
  topK: [Int32Array, 'row'],
  solver: [Int32Array, 'row'],
  t: [Float32Array, 'row'],
  /** kappa(t) where jump times are spread; 1 where jumps are independent. */
  spreadFrom: [Float32Array, 'row'],
  h: [Float32Array, 'row'],
  temperature: [Float32Array, 'row'],
  topP: [Float32Array, 'row'],
  revealAbove: [Float32Array, 'row'],
  tokens: [Int32Array, 'cell'],
  /** Tokens whose probability is asked for. */
  targets: [Int32Array, 'target'],
  editable: [Uint8Array, 'cell']
} as const

const RESULT = {
  tokens: [Int32Array, 'cell'],
  /** Posterior probability of the token now there. */
  confidence: [Float32Array, 'cell'],
  /** ln of each target's posterior probability. */
  logprob: [Float32Array, 'target']
} as const

type Per = 'row' | 'cell' | 'target'
type Layout = Readonly<Record<string, readonly [TypedArrayConstructor, Per]>>
type TypedArrayConstructor = typeof Float64Array | typeof Float32Array | typeof Int32Array | typeof Uint8Array

/** Arrays [B] ('row'), [B x L] ('cell'), or [B x L] where rows are scored, else [0] ('target'), by name. */
type Views<L extends Layout> = { readonly [Name in keyof L]: InstanceType<L[Name][0]> }
export type BatchArrays = Views<typeof BATCH>
export type ResultArrays = Views<typeof RESULT>

/** Memory for one message at a time, as large as the largest so far. */
export class Arena<L extends Layout> {
  readonly #layout: L
  #memory = new ArrayBuffer(0)

  constructor (layout: L) {
    this.#layout = layout
  }

  /** The arrays of a shape, holding whatever was there, and the bytes that they lie in. Valid until the next call. */
  view (shape: BatchShape): { readonly arrays: Views<L>, readonly bytes: Uint8Array } {
    const size = bytesOf(this.#layout, shape)
    if (size > this.#memory.byteLength) this.#memory = new ArrayBuffer(size)
    const arrays: Record<string, unknown> = {}
    let offset = 0
    // Wide elements come first in a layout, so every array is aligned.
    for (const [name, [Type, per]] of Object.entries(this.#layout)) {
      const length = count(per, shape)
      arrays[name] = new Type(this.#memory, offset, length)
      offset += length * Type.BYTES_PER_ELEMENT
    }
    return { arrays: arrays as Views<L>, bytes: new Uint8Array(this.#memory, 0, size) }
  }

  /**
   * The arrays of a message that came as bytes. Valid until the next call.
   * @throws RangeError where it is of another shape
   */
  read (shape: BatchShape, message: Uint8Array): Views<L> {
    const { arrays, bytes } = this.view(shape)
    if (message.byteLength !== bytes.byteLength) throw new RangeError(`has ${message.byteLength} bytes instead of ${bytes.byteLength}`)
    bytes.set(message)
    return arrays
  }
}

export function batchArena (): Arena<typeof BATCH> {
  return new Arena(BATCH)
}

export function resultArena (): Arena<typeof RESULT> {
  return new Arena(RESULT)
}

function count (per: Per, { rows, paddedLength, lane }: BatchShape): number {
  if (per === 'row') return rows
  return per === 'cell' || lane === 'score' ? rows * paddedLength : 0
}

function bytesOf (layout: Layout, shape: BatchShape): number {
  return Object.values(layout).reduce((sum, [Type, per]) => sum + count(per, shape) * Type.BYTES_PER_ELEMENT, 0)
}
