/** The published sampler in PyTorch, in a child process: a JSON line asks for a timing, another one answers. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { python } from './bench-graphs.js'

export interface TorchRequest {
  /** A model's folder. */
  readonly model: string
  readonly steps: number
  readonly rows: number
  readonly length: number
  readonly threads: number
}

export class TorchRunner {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface

  /** @throws Error where there is no Python */
  constructor () {
    this.#child = spawn(python(), ['-m', 'fewstep_train', 'torch-runner'], { stdio: ['pipe', 'pipe', 'inherit'] })
    if (this.#child.stdout === null) throw new Error('the PyTorch sampler has no output')
    this.#reader = createInterface(this.#child.stdout)
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /**
   * Wall time in ms of sampling once; the first request of a shape warms up first.
   * @throws Error with the sampler's own words
   */
  async sampleMs (request: TorchRequest): Promise<number> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the PyTorch sampler ended')
    const answer = JSON.parse(value) as { readonly ms?: number, readonly error?: string }
    if (answer.ms === undefined) throw new Error(`the PyTorch sampler failed: ${answer.error}`)
    return answer.ms
  }

  async stop (): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await exited
  }
}
