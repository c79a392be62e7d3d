/** W sessions, each in its own process. A worker is given work only after it said it is ready; one that dies is replaced. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Session } from './session.js'
import type { ExecutionProvider, StepBatch, StepResult, WorkerOptions } from './worker-protocol.js'

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 10_000
/** After so many failed starts in a row with no worker left, waiting work is given up. */
const HOPELESS_STARTS = 3

export interface SessionPoolOptions {
  readonly size: number
  readonly worker: WorkerOptions
  readonly stepTimeoutMs: number
  readonly logger: Logger
  /** A session is idle (again). */
  readonly onIdle: () => void
  /** No worker is left and new ones do not start. */
  readonly onHopeless: (reason: Error) => void
}

export class SessionPool {
  #options: SessionPoolOptions
  readonly #sessions = new Set<Session>()
  readonly #idle: Session[] = []
  readonly #closing = new AbortController()
  #failedStarts = 0

  private constructor (options: SessionPoolOptions) {
    this.#options = options
  }

  /** @throws Error where the first session cannot be made: the settings or the model are at fault, not the moment */
  static async start (options: SessionPoolOptions): Promise<SessionPool> {
    const pool = new SessionPool(options)
    const first = await Session.start(options.worker)
    if (first.fallbackReason !== undefined) {
      options.logger.warn({ reason: first.fallbackReason }, 'CUDA is not available: running on the CPU')
    }
    pool.#add(first)
    // What `auto` found for the first worker holds for all.
    const worker = { ...options.worker, executionProvider: first.executionProvider }
    pool.#options = { ...options, worker }
    const others = await Promise.allSettled(Array.from({ length: options.size - 1 }, () => Session.start(worker)))
    for (const other of others) if (other.status === 'fulfilled') pool.#add(other.value)
    const failure = others.find((other) => other.status === 'rejected')
    if (failure !== undefined) {
      await pool.close()
      throw failure.reason
    }
    return pool
  }

  get size (): number {
    return this.#options.size
  }

  get readyCount (): number {
    return this.#sessions.size
  }

  get idleCount (): number {
    return this.#idle.length
  }

  get executionProvider (): ExecutionProvider | null {
    const [session] = this.#sessions
    return session?.executionProvider ?? null
  }

  get pids (): number[] {
    return [...this.#sessions].flatMap((session) => session.pid ?? [])
  }

  /**
   * Run a step on an idle session.
   * @throws Error where the step failed or its worker died; the batch may be run again
   */
  async run (batch: StepBatch): Promise<StepResult> {
    const session = this.#idle.pop()
    if (session === undefined) throw new Error('no idle session')
    try {
      return await session.run(batch, this.#options.stepTimeoutMs)
    } finally {
      if (this.#sessions.has(session)) this.#release(session)
    }
  }

  async close (): Promise<void> {
    this.#closing.abort()
    const sessions = [...this.#sessions]
    for (const session of sessions) session.kill()
    await Promise.all(sessions.map((session) => session.exited))
  }

  #add (session: Session): void {
    this.#sessions.add(session)
    this.#failedStarts = 0
    void session.exited.then(() => { this.#lost(session) })
    this.#release(session)
  }

  #release (session: Session): void {
    this.#idle.push(session)
    // After the caller of run() has seen its result.
    setImmediate(this.#options.onIdle)
  }

  #lost (session: Session): void {
    this.#sessions.delete(session)
    const index = this.#idle.indexOf(session)
    if (index >= 0) this.#idle.splice(index, 1)
    if (this.#closing.signal.aborted) return
    this.#options.logger.error({ worker: session.pid }, 'a session worker died: replacing it')
    this.#replace().catch((error: unknown) => { this.#options.logger.error({ err: error }, 'cannot replace a session worker') })
  }

  async #replace (): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        const session = await Session.start(this.#options.worker)
        if (signal.aborted) session.kill()
        else this.#add(session)
        return
      } catch (error) {
        this.#failedStarts++
        this.#options.logger.error({ err: error, failedStarts: this.#failedStarts }, 'a session worker did not start')
        if (this.#sessions.size === 0 && this.#failedStarts >= HOPELESS_STARTS) this.#options.onHopeless(error as Error)
        const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failedStarts)
        await delay(wait, undefined, { signal, ref: false }).catch(() => {})
      }
    }
  }
}
