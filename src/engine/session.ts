/** One session worker seen from the engine's side: start it, run batches on it one at a time, know when it dies. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ExecutionProvider, FromWorker, StepBatch, StepResult, WorkerOptions } from './worker-protocol.js'

const WORKER_FILE = fileURLToPath(import.meta.url).replace(/session(\.[jt]s)$/, 'session-worker$1')

/** How much of a worker's last words is kept for the error that reports its death. */
const STDERR_TAIL = 2000

interface Pending {
  readonly resolve: (result: StepResult) => void
  readonly reject: (error: Error) => void
}

export class Session {
  readonly executionProvider: ExecutionProvider
  /** Why `auto` did not get CUDA. */
  readonly fallbackReason: string | undefined
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>
  readonly #child: ChildProcess
  #pending: Pending | undefined

  private constructor (child: ChildProcess, ready: FromWorker & { type: 'ready' }, stderr: () => string) {
    this.#child = child
    this.executionProvider = ready.executionProvider
    this.fallbackReason = ready.fallbackReason
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#settle()?.reject(new Error(`the session worker exited (${signal ?? `code ${code}`}) ${stderr()}`.trim()))
        resolve()
      })
    })
    child.on('error', () => { child.kill('SIGKILL') })
    child.on('message', (message: FromWorker) => {
      if (message.type === 'result') this.#settle()?.resolve(message.result)
      if (message.type === 'failed') this.#settle()?.reject(new Error(message.message))
    })
  }

  /**
   * Resolves when the worker's session is loaded.
   * @throws Error with the worker's own message where it cannot be
   */
  static async start (options: WorkerOptions): Promise<Session> {
    const child = fork(WORKER_FILE, [JSON.stringify(options)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc']
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-STDERR_TAIL) })
    const tail = (): string => stderr.trim()
    const first = await Promise.race([
      once(child, 'message').then(([message]) => message as FromWorker),
      once(child, 'exit').then(([code, signal]): FromWorker => ({
        type: 'failed', message: `the session worker exited while it started (${signal ?? `code ${code}`}) ${tail()}`.trim()
      }))
    ])
    if (first.type === 'ready') return new Session(child, first, tail)
    child.kill('SIGKILL')
    throw new Error(first.type === 'failed' ? first.message : 'the session worker spoke out of turn')
  }

  get pid (): number | undefined {
    return this.#child.pid
  }

  /**
   * Run one step. One at a time.
   * @throws Error where the step failed, took longer than `timeoutMs` (the worker is killed) or the worker died
   */
  run (batch: StepBatch, timeoutMs: number): Promise<StepResult> {
    const watchdog = setTimeout(() => {
      this.#settle()?.reject(new Error(`a step took longer than ${timeoutMs} ms`))
      this.kill()
    }, timeoutMs)
    return new Promise<StepResult>((resolve, reject) => {
      this.#pending = { resolve, reject }
      // A failure to send is followed by 'exit', which rejects.
      this.#child.send({ type: 'run', batch }, () => {})
    }).finally(() => { clearTimeout(watchdog) })
  }

  kill (): void {
    this.#child.kill('SIGKILL')
  }

  #settle (): Pending | undefined {
    const pending = this.#pending
    this.#pending = undefined
    return pending
  }
}
