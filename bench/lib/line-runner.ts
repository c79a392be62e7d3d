/** Something timed in a child process: a JSON line asks for a timing, another one answers. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { llamaForward, python } from './bench-graphs.js'

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

/** Forward passes in llama.cpp. */
export interface LlamaRequest {
  /** A file in GGUF. */
  readonly model: string
  readonly threads: number
  readonly passes: number
  /** Rows of one length. */
  readonly tokens: ReadonlyArray<readonly number[]>
}

export interface Timing {
  readonly ms: number
  /** Version of what ran it, where that is not this process's. */
  readonly runtime?: string
}

export interface LlamaTiming extends Timing {
  /** Of the first row: the token whose logit is the largest, at each position. */
  readonly most_probable: readonly number[]
}

export class LineRunner<Request, Answer extends Timing = Timing> {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor (command: string, args: readonly string[] = []) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child = child
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  }

  /** @throws Error where there is no Python */
  static torch (): LineRunner<TorchRequest> {
    return new LineRunner(python(), ['-m', 'fewstep_train', 'torch-runner'])
  }

  /** @throws Error where there is no Python */
  static decoder (): LineRunner<DecoderRequest> {
    return new LineRunner(python(), ['-m', 'fewstep_train', 'decoder-runner'])
  }

  /** @throws Error where it has not been built */
  static llama (): LineRunner<LlamaRequest, LlamaTiming> {
    return new LineRunner(llamaForward())
  }

  /** @throws Error with the child's own words */
  async time (request: Request): Promise<Answer> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the process that takes the time ended early')
    const answer = JSON.parse(value) as Answer | { readonly error: string }
    if ('error' in answer) throw new Error(`the time could not be taken: ${answer.error}`)
    return answer
  }

  async stop (): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await exited
  }
}
