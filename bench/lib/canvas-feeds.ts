/** Inputs of the graphs that refine whole canvases: any step looks like these. */
import { fillNoise } from '../../src/diffusion/random.js'
import { Tensor } from 'onnxruntime-node'
import { float32, int64, type Tensors } from './ort.js'

export interface CanvasShape {
  readonly rows: number
  readonly length: number
}

/** The first of eight steps: t and h. */
export const FIRST_STEP = { t: 0, h: 1 / 8 }

/** Of the network alone. @param token what the canvases are full of */
export function networkFeeds ({ rows, length }: CanvasShape, token = 0): Tensors {
  return {
    tokens: int64(new Int32Array(rows * length).fill(token), [rows, length]),
    length: int64(new Int32Array(rows).fill(length), [rows]),
    t: float32(new Float32Array(rows).fill(FIRST_STEP.t), [rows]),
    h: float32(new Float32Array(rows).fill(FIRST_STEP.h), [rows])
  }
}

/** Of the step graph: free canvases, temperature 1, no filter. */
export function stepFeeds (shape: CanvasShape, token = 0): Tensors {
  const { rows, length } = shape
  return {
    ...networkFeeds(shape, token),
    editable: new Tensor('bool', new Uint8Array(rows * length).fill(1), [rows, length]),
    temperature: float32(new Float32Array(rows).fill(1), [rows]),
    top_k: int64(new Int32Array(rows), [rows]),
    top_p: float32(new Float32Array(rows).fill(1), [rows]),
    solver: int64(new Int32Array(rows), [rows]),
    noise: float32(stepNoise(shape), [rows, length, 2]),
    filter: new Tensor('bool', Uint8Array.of(0), []),
    targets: new Tensor('int64', new BigInt64Array(0), [0, 0])
  }
}

/** Two uniforms a position, as the service draws them. */
export function stepNoise ({ rows, length }: CanvasShape): Float32Array {
  const noise = new Float32Array(2 * rows * length)
  for (let row = 0; row < rows; row++) fillNoise(row, 1, length, noise, 2 * row * length)
  return noise
}
