/** One session worker seen from the engine's side: start it, run batches on it one at a time, know when it dies. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { batchArena, resultArena, type BatchArrays, type BatchShape, type ResultArrays } from './step-message.js'
import { WorkerKilled } from './worker-killed.js'
import type { ExecutionProvider, FromWorker, ToWorker, WorkerOptions } from './worker-protocol.js'

const WORKER_FILE = fileURLToPath(import.meta.url).replace(/session(\.[jt]s)$/, 'session-worker$1')

/** Else SIGUSR1 opens a debugger; Node versions that lack the option need the handler in worker-signals.ts alone. */
const NO_DEBUGGER = process.allowedNodeEnvironmentFlags.has('--disable-sigusr1') ? ['--disable-sigusr1'] : []

/** How much of a worker's last words is kept for the error that reports its death. */
const STDERR_TAIL = 2000

/** Loading a large model from a cold disk takes minutes; a worker that is silent for longer hangs. */
const START_TIMEOUT_MS = 600_000

export interface StepResult {
  /** Valid until the session's next step. */
  readonly arrays: ResultArrays
  /** Time spent in session.run. */
  readonly runMs: number
  /** The worker's process id. */
  readonly worker: number | undefined
}

interface Pending {
  readonly shape: BatchShape
  readonly resolve: (result: StepResult) => void
  readonly reject: (error: Error) => void
}

export class Session {
  /** What it was started with, with the execution provider that it got: another one like it can be started. */
  readonly options: WorkerOptions & { readonly executionProvider: ExecutionProvider }
  /** Of ONNX Runtime. */
  readonly runtimeVersion: string
  /** Why `auto` did not get CUDA. */
  readonly fallbackReason: string | undefined
  /** How long its start took. */
  readonly startMs: number
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>
  readonly #child: ChildProcess
  readonly #batches = batchArena()
  readonly #results = resultArena()
  #pending: Pending | undefined
  #killed = false

  private constructor (child: ChildProcess, options: WorkerOptions, ready: FromWorker & { type: 'ready' }, startMs: number, stderr: () => string) {
    this.#child = child
    this.options = { ...options, executionProvider: ready.executionProvider }
    this.runtimeVersion = ready.runtimeVersion
    this.fallbackReason = ready.fallbackReason
    this.startMs = startMs
    this.exited = new Promise((resolve) => {
      const onExit = (code: number | null, signal: string | null): void => {
        this.#settle()?.reject(signal === 'SIGKILL' && !this.#killed
          ? new WorkerKilled()
          : new Error(`the session worker exited (${signal ?? `code ${code}`}) ${stderr()}`.trim()))
        resolve()
      }
      child.once('exit', onExit)
      // It may have died between saying that it is ready and now.
      if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode)
    })
    child.on('error', () => { child.kill('SIGKILL') })
    child.on('message', (message: FromWorker) => { this.#take(message) })
  }

  /**
   * Resolves when the worker's session is loaded.
   * @param signal breaks the start off: the worker is killed
   * @throws Error with the worker's own message where it cannot be; the signal's reason
   */
  static async start (options: WorkerOptions, signal?: AbortSignal): Promise<Session> {
    signal?.throwIfAborted()
    const begin = performance.now()
    const child = fork(WORKER_FILE, [JSON.stringify(options), String(process.pid)], {
      execArgv: [...process.execArgv, ...NO_DEBUGGER],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc']
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-STDERR_TAIL) })
    const tail = (): string => stderr.trim()
    const breakOff = (): void => { child.kill('SIGKILL') }
    signal?.addEventListener('abort', breakOff)
    const first = await firstMessage(child, tail).finally(() => { signal?.removeEventListener('abort', breakOff) })
    if (signal?.aborted === true) {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      throw signal.reason
    }
    if (first.type === 'ready') return new Session(child, options, first, performance.now() - begin, tail)
    child.kill('SIGKILL')
    throw new Error(first.type === 'failed' ? first.message : 'the session worker spoke out of turn')
  }

  get pid (): number | undefined {
    return this.#child.pid
  }

  /**
   * Run one step; one at a time.
   * @param fill writes the batch into arrays that hold whatever the step before left there
   * @throws Error where the step failed, took longer than `timeoutMs` (the worker is killed) or the worker died
   */
  async run (shape: BatchShape, fill: (batch: BatchArrays) => void, timeoutMs: number): Promise<StepResult> {
    if (!this.alive) throw new Error('the session worker is gone')
    const { arrays, bytes } = this.#batches.view(shape)
    fill(arrays)
    const watchdog = setTimeout(() => {
      this.#settle()?.reject(new Error(`a step took longer than ${timeoutMs} ms`))
      this.kill()
    }, timeoutMs)
    return await new Promise<StepResult>((resolve, reject) => {
      this.#pending = { shape, resolve, reject }
      // A failure to send is followed by 'exit', which rejects.
      this.#child.send({ shape, bytes } satisfies ToWorker, () => {})
    }).finally(() => { clearTimeout(watchdog) })
  }

  /** Whether it may be given work. */
  get alive (): boolean {
    return !this.#killed && this.#child.exitCode === null && this.#child.signalCode === null
  }

  kill (): void {
    this.#killed = true
    this.#child.kill('SIGKILL')
  }

  #take (message: FromWorker): void {
    const pending = this.#settle()
    if (pending === undefined) return
    if (message.type === 'result') pending.resolve({ arrays: this.#results.read(pending.shape, message.bytes), runMs: message.runMs, worker: this.pid })
    else pending.reject(new Error(message.type === 'failed' ? message.message : 'the session worker spoke out of turn'))
  }

  #settle (): Pending | undefined {
    const pending = this.#pending
    this.#pending = undefined
    return pending
  }
}

/** What a new worker says first, or why it says nothing. */
async function firstMessage (child: ChildProcess, stderr: () => string): Promise<FromWorker> {
  const settled = new AbortController()
  const { signal } = settled
  const timeout = setTimeout(() => { child.kill('SIGKILL') }, START_TIMEOUT_MS)
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as FromWorker),
      once(child, 'exit', { signal }).then(([code, killed]): FromWorker => ({
        type: 'failed', message: `the session worker exited while it started (${killed ?? `code ${code}`}) ${stderr()}`.trim()
      }))
    ])
  } finally {
    clearTimeout(timeout)
    settled.abort()
  }
}
