/** One session worker seen from the engine's side: start it, run batches on it one after another, know when it dies. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { StepNotBegun } from './ahead.js'
import { ImpossibleResult } from './impossible-result.js'
import { batchArena, resultArena, type BatchArrays, type BatchShape, type ResultArrays } from './step-message.js'
import { WorkerKilled } from './worker-killed.js'
import type { ExecutionProvider, FromWorker, OptimisedCopy, ToWorker, WorkerOptions } from './worker-protocol.js'

const WORKER_FILE = fileURLToPath(import.meta.url).replace(/session(\.[jt]s)$/, 'session-worker$1')

/** Else SIGUSR1 opens a debugger; Node versions that lack the option need the handler in worker-signals.ts alone. */
const NO_DEBUGGER = process.allowedNodeEnvironmentFlags.has('--disable-sigusr1') ? ['--disable-sigusr1'] : []

/** How much of a worker's last words is kept for the error that reports its death. */
const STDERR_TAIL = 2000

/** Loading a large model from a cold disk takes minutes; a worker that is silent for longer hangs. */
const START_TIMEOUT_MS = 600_000

/** Steps that a worker has at a time: the one that it runs and the next. */
export const STEPS_IN_FLIGHT = 2

export interface StepResult {
  /** Valid until the session has as many more results as it has steps in flight. */
  readonly arrays: ResultArrays
  /** Time spent in session.run. */
  readonly runMs: number
  /** The worker's process id. */
  readonly worker: number | undefined
}

interface Pending {
  readonly shape: BatchShape
  readonly timeoutMs: number
  readonly onBegin: () => void
  readonly resolve: (result: StepResult) => void
  readonly reject: (error: Error) => void
  /** Once it has begun. */
  watchdog?: NodeJS.Timeout
}

export class Session {
  /** What it was started with, with the execution provider that it got: another one like it can be started. */
  readonly options: WorkerOptions & { readonly executionProvider: ExecutionProvider }
  /** Of ONNX Runtime. */
  readonly runtimeVersion: string
  /** Why `auto` did not get CUDA. */
  readonly fallbackReason: string | undefined
  /** Of its graph: what the session is made of, or, where it is new, the next one will be. */
  readonly copy: OptimisedCopy | undefined
  /** Why its graph, which is large, has no optimised copy. */
  readonly copyProblem: string | undefined
  /** How long its start took. */
  readonly startMs: number
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>
  readonly #child: ChildProcess
  readonly #batches = batchArena()
  readonly #results = Array.from({ length: STEPS_IN_FLIGHT }, resultArena)
  /** In the order in which the worker takes them; it is at the first. */
  readonly #steps: Pending[] = []
  #taken = 0
  #killed = false

  private constructor (child: ChildProcess, options: WorkerOptions, ready: FromWorker & { type: 'ready' }, startMs: number, stderr: () => string) {
    this.#child = child
    this.options = { ...options, executionProvider: ready.executionProvider }
    this.runtimeVersion = ready.runtimeVersion
    this.fallbackReason = ready.fallbackReason
    this.copy = ready.copy
    this.copyProblem = ready.copyProblem
    this.startMs = startMs
    this.exited = new Promise((resolve) => {
      const onExit = (code: number | null, signal: string | null): void => {
        const fail = (): void => {
          this.#failAll(signal === 'SIGKILL' && !this.#killed
            ? new WorkerKilled()
            : new Error(`the session worker exited (${signal ?? `code ${code}`}) ${stderr()}`.trim()))
          resolve()
        }
        // Its last results may still be on their way: they say which step it was at.
        if (child.connected) child.once('disconnect', fail)
        else fail()
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
   * Run one step, when those before it have ended; at most `STEPS_IN_FLIGHT` at a time.
   * @param fill writes the batch into arrays that hold whatever the step before left there
   * @param onBegin the step is the next one, or the one that the worker is at
   * @throws Error where the step failed, took longer than `timeoutMs` (the worker is killed) or the worker died at it; ImpossibleResult
   * where its result is of another shape; StepNotBegun where the worker died at the one before
   */
  async run (shape: BatchShape, fill: (batch: BatchArrays) => void, timeoutMs: number, onBegin = (): void => {}): Promise<StepResult> {
    if (!this.alive) throw new Error('the session worker is gone')
    if (this.#steps.length === STEPS_IN_FLIGHT) throw new Error('the session worker has enough to do')
    const { arrays, bytes } = this.#batches.view(shape)
    fill(arrays)
    return await new Promise<StepResult>((resolve, reject) => {
      this.#steps.push({ shape, timeoutMs, onBegin, resolve, reject })
      // Serialised before it returns. A failure to send is followed by 'exit', which rejects.
      this.#child.send({ shape, bytes } satisfies ToWorker, () => {})
      if (this.#steps.length === 1) this.#begin()
    })
  }

  /** Whether it may be given work. */
  get alive (): boolean {
    return !this.#killed && this.#child.exitCode === null && this.#child.signalCode === null
  }

  kill (): void {
    this.#killed = true
    this.#child.kill('SIGKILL')
  }

  /** The first step. */
  #begin (): void {
    const [step] = this.#steps
    if (step === undefined) return
    step.watchdog = setTimeout(() => {
      this.kill()
      this.#settle()?.reject(new Error(`a step took longer than ${step.timeoutMs} ms`))
    }, step.timeoutMs)
    step.onBegin()
  }

  #take (message: FromWorker): void {
    const step = this.#settle()
    if (step === undefined) return
    if (message.type === 'result') this.#settleWith(step, message)
    else step.reject(new Error(message.type === 'failed' ? message.message : 'the session worker spoke out of turn'))
    if (!this.#killed) this.#begin()
  }

  #settleWith ({ shape, resolve, reject }: Pending, { bytes, runMs }: FromWorker & { type: 'result' }): void {
    try {
      resolve({ arrays: this.#nextArena().read(shape, bytes), runMs, worker: this.pid })
    } catch (error) {
      reject(new ImpossibleResult((error as Error).message))
    }
  }

  #nextArena (): ReturnType<typeof resultArena> {
    const arena = this.#results[this.#taken++ % STEPS_IN_FLIGHT]
    if (arena === undefined) throw new RangeError('there are as many arenas as steps in flight')
    return arena
  }

  #settle (): Pending | undefined {
    const step = this.#steps.shift()
    clearTimeout(step?.watchdog)
    return step
  }

  /** The one that it was at with this error. */
  #failAll (error: Error): void {
    for (let step = this.#settle(); step !== undefined; step = this.#settle()) {
      step.reject(step.watchdog === undefined ? new StepNotBegun() : error)
    }
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
