/** Something timed in Python, in a child process: a JSON line asks for a timing, another one answers. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { python } from './bench-graphs.js'

/** The published sampler in PyTorch; the first request of a shape warms up first. */
export interface TorchRequest {
  /** A model's folder. */
  readonly model: string
  readonly steps: number
  readonly rows: number
  readonly length: number
  readonly threads: number
}

/** An autoregressive decoder in ONNX Runtime: `tokens` of each of `rows` rows, the first at `position`. */
export interface DecoderRequest {
  readonly graph: string
  readonly threads: number
  readonly rows: number
  /** Positions that the cache has room for. */
  readonly room: number
  readonly position: number
  readonly tokens: number
}

export interface Timing {
  readonly ms: number
  /** Version of what ran it, where that is not this process's. */
  readonly runtime?: string
}

export class PythonRunner<Request> {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor (args: readonly string[]) {
    const child = spawn(python(), ['-m', ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child = child
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  }

  /** @throws Error where there is no Python */
  static torch (): PythonRunner<TorchRequest> {
    return new PythonRunner(['fewstep_train', 'torch-runner'])
  }

  /** @throws Error where there is no Python */
  static decoder (): PythonRunner<DecoderRequest> {
    return new PythonRunner(['fewstep_train', 'decoder-runner'])
  }

  /** @throws Error with the child's own words */
  async time (request: Request): Promise<Timing> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the timing in Python ended early')
    const answer = JSON.parse(value) as Timing | { readonly error: string }
    if ('error' in answer) throw new Error(`the timing in Python failed: ${answer.error}`)
    return answer
  }

  async stop (): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await exited
  }
}
