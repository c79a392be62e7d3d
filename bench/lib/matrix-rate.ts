/** How many operations a second ONNX Runtime does in matrix products on this machine: the ceiling of everything here. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { benchGraph } from './bench-models.js'

/** As many as a batch of 16 canvases of 128 tokens. */
const ROWS = 2048

export class MatrixRate {
  readonly #session: InferenceSession
  readonly #flops: number
  readonly #input: Tensor

  private constructor (session: InferenceSession, flops: number, columns: number) {
    this.#session = session
    this.#flops = flops
    this.#input = new Tensor('float32', new Float32Array(ROWS * columns).fill(0.01), [ROWS, columns])
  }

  /** A chain of products with fixed weights of the embedded model's shapes, float32, on all cores. */
  static async create (): Promise<MatrixRate> {
    const file = benchGraph('matmul')
    const facts = JSON.parse(readFileSync(file.replace(/onnx$/, 'json'), 'utf8')) as { flops_per_row: number, sizes: [number, number] }
    const session = await InferenceSession.create(file, { intraOpNumThreads: availableParallelism(), interOpNumThreads: 1 })
    const rate = new MatrixRate(session, facts.flops_per_row * ROWS, facts.sizes[0])
    await rate.measure()
    return rate
  }

  /** Operations per second, over `runs` runs. Blocks the event loop meanwhile. */
  async measure (runs: number = 5): Promise<number> {
    const [name = ''] = this.#session.inputNames
    const begin = performance.now()
    for (let run = 0; run < runs; run++) await this.#session.run({ [name]: this.#input })
    return 1000 * runs * this.#flops / (performance.now() - begin)
  }

  async close (): Promise<void> {
    await this.#session.release()
  }
}
