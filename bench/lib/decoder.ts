/** An autoregressive decoder with a key-value cache: one token of every row at a time. */
import type { InferenceSession } from 'onnxruntime-node'
import type { DecoderFacts } from './bench-graphs.js'
import { float32, int64, output, type Tensors } from './ort.js'

export class Decoder {
  readonly #session: InferenceSession
  readonly #given: Tensors
  readonly #kept: Tensors = {}
  #tokens: Tensors[string]

  /** @param room positions that the cache has room for */
  constructor (session: InferenceSession, { shape }: DecoderFacts, rows: number, room: number) {
    this.#session = session
    this.#tokens = int64(new Int32Array(rows), [rows, 1])
    this.#given = {
      temperature: float32(new Float32Array(rows).fill(1), [rows]),
      noise: float32(new Float32Array(rows).fill(0.5), [rows])
    }
    const dims = [rows, shape.n_kv_heads, room, shape.hidden_size / shape.n_heads]
    for (let block = 0; block < shape.n_blocks; block++) {
      for (const kind of ['key', 'value']) {
        // Past and present are one buffer, so that a token writes its own keys and values and copies nothing.
        const cache = float32(new Float32Array(dims.reduce((a, b) => a * b)), dims)
        this.#given[`past_${kind}_${block}`] = cache
        this.#kept[`present_${kind}_${block}`] = cache
      }
    }
  }

  /** Draw the token after `position` others and keep it as the next one's input. */
  async step (position: number): Promise<void> {
    const feeds = { ...this.#given, tokens: this.#tokens, position: int64([position], [1]) }
    this.#tokens = output(await this.#session.run(feeds, { next_token: null, ...this.#kept }), 'next_token')
  }

  /** Tokens from..to - 1, one after another. */
  async generate (from: number, to: number): Promise<void> {
    for (let position = from; position < to; position++) await this.step(position)
  }
}
