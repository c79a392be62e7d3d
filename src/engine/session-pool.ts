/** Sessions, each in its own process. Work goes to idle ones; one that dies is replaced by another like it. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Session, type StepResult } from './session.js'
import type { BatchArrays, BatchShape } from './step-message.js'

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 10_000
/** After so many failed starts in a row with no worker left, waiting work is given up. */
const HOPELESS_STARTS = 3

export interface SessionPoolOptions {
  /** Started and ready, at least one. */
  readonly sessions: readonly Session[]
  readonly stepTimeoutMs: number
  readonly logger: Logger
  /** A session is idle (again). */
  readonly onIdle: () => void
  /** No worker is left and new ones do not start. */
  readonly onHopeless: (reason: Error) => void
}

export class SessionPool {
  readonly size: number
  readonly #options: SessionPoolOptions
  readonly #sessions = new Set<Session>()
  readonly #idle: Session[] = []
  readonly #closing = new AbortController()
  #failedStarts = 0
  #replacements = 0

  constructor (options: SessionPoolOptions) {
    this.#options = options
    this.size = options.sessions.length
    for (const session of options.sessions) this.#add(session)
  }

  get readyCount (): number {
    return this.#sessions.size
  }

  get idleCount (): number {
    return this.#idle.length
  }

  /** Workers replaced so far. */
  get replacements (): number {
    return this.#replacements
  }

  get pids (): number[] {
    return [...this.#sessions].flatMap((session) => session.pid ?? [])
  }

  /**
   * Run a step on an idle session; `fill` writes its batch.
   * @throws Error where the step failed or its worker died; the batch may be run again
   */
  async run (shape: BatchShape, fill: (batch: BatchArrays) => void): Promise<StepResult> {
    const session = this.#idle.pop()
    if (session === undefined) throw new Error('no idle session')
    try {
      return await session.run(shape, fill, this.#options.stepTimeoutMs)
    } finally {
      if (session.alive) this.#release(session)
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
    this.#replacements++
    this.#options.logger.error({ worker: session.pid }, 'a session worker died: replacing it')
    this.#replace(session).catch((error: unknown) => { this.#options.logger.error({ err: error }, 'cannot replace a session worker') })
  }

  async #replace (lost: Session): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        const session = await Session.start(lost.options)
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
