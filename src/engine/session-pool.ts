/** Sessions, each in its own process. Work goes to idle ones, or ahead to busy ones; one that dies is replaced by another like it. */
import type { Logger } from 'pino'
import { AHEAD_MS } from './ahead.js'
import type { Clock } from './clock.js'
import { ImpossibleResult } from './impossible-result.js'
import { Place } from './place.js'
import { Session, type StepResult } from './session.js'
import type { BatchArrays, BatchShape, ResultArrays } from './step-message.js'
import { anyBatch } from './warm-up.js'

export interface SessionPoolOptions {
  /** Started and ready, at least one. */
  readonly sessions: readonly Session[]
  readonly stepTimeoutMs: number
  readonly logger: Logger
  readonly clock: Clock
  /** A session has ended a step, if only by its death, or is new. */
  readonly onIdle: () => void
  /** No worker is left, and the start of the last one that could have helped has failed: for now nobody is served. */
  readonly onHopeless: (reason: Error) => void
}

export interface StepOptions {
  /** By how long the step is expected to take it is judged whether another one may be sent after it; absent: it is not. */
  readonly expectedMs?: number
  /** The worker is at it. */
  readonly onBegin?: () => void
  /** What of the result cannot be, as what follows "it"; see `impossibility`. */
  readonly check?: (result: ResultArrays) => string | undefined
}

/** Positions of the step that a worker must not fail: as few as the shortest canvas has. */
const PROBE_LENGTH = 32

export class SessionPool {
  readonly size: number
  readonly #options: SessionPoolOptions
  readonly #places: readonly Place[]
  readonly #sessions = new Map<Session, Place>()
  readonly #idle: Session[] = []
  /** How long each of a session's steps is expected to take, in their order; sessions in the order in which those began. */
  readonly #busy = new Map<Session, readonly number[]>()
  readonly #closing = new AbortController()
  readonly #replacing = new Set<Promise<void>>()
  /** Workers that are being started. */
  #starting = 0
  /** How long the last start took. */
  #startMs: number
  #replacements = 0
  #impossibleResults = 0

  constructor (options: SessionPoolOptions) {
    const { sessions, clock } = options
    this.#options = options
    this.size = sessions.length
    this.#startMs = Math.max(...sessions.map(({ startMs }) => startMs))
    this.#places = sessions.map((session) => {
      const place = new Place(session.options, clock)
      this.#add(session, place)
      return place
    })
  }

  get readyCount (): number {
    return this.#sessions.size
  }

  get idleCount (): number {
    return this.#idle.length
  }

  /** Sessions at one short step, which may be given the next one. */
  get aheadCount (): number {
    return [...this.#busy].filter(hasRoom).length
  }

  /** Workers replaced so far. */
  get replacements (): number {
    return this.#replacements
  }

  /** Results that cannot be, so far: the worker of each was replaced. */
  get impossibleResults (): number {
    return this.#impossibleResults
  }

  get pids (): number[] {
    return [...this.#sessions.keys()].flatMap((session) => session.pid ?? [])
  }

  /** Expected time until a worker is ready, in ms: 0 where one is. */
  get readyInMs (): number {
    const now = this.#options.clock.now()
    const waits = this.#places.map(({ nextAt }) => nextAt === undefined ? 0 : Math.max(0, nextAt + this.#startMs - now))
    return Math.min(...waits)
  }

  /**
   * Run a step on an idle session, or after that of a busy one; `fill` writes its batch.
   * @throws Error where the step failed, its worker died, or the result cannot be (ImpossibleResult: the worker is replaced); the batch
   * may be run again, at once by another session, and by this one when it has shown that it does not fail every step. StepNotBegun
   */
  async run (
    shape: BatchShape, fill: (batch: BatchArrays) => void, { expectedMs = Infinity, onBegin, check }: StepOptions = {}
  ): Promise<StepResult> {
    const session = this.#idle.pop() ?? [...this.#busy].find(hasRoom)?.[0]
    if (session === undefined) throw new Error('no idle session')
    this.#busy.set(session, [...this.#busy.get(session) ?? [], expectedMs])
    let doubted = false
    try {
      const result = await session.run(shape, fill, this.#options.stepTimeoutMs, onBegin)
      const wrong = check?.(result.arrays)
      if (wrong !== undefined) throw new ImpossibleResult(wrong)
      this.#sessions.get(session)?.stepped()
      return result
    } catch (error) {
      if (error instanceof ImpossibleResult) this.#dismiss(session, error)
      doubted = session.alive
      throw error
    } finally {
      if (doubted) void this.#probe(session, shape)
      else if (session.alive) this.#release(session)
      // Another one, if it is idle, may run the step again before this one is at hand, or a new one.
      setImmediate(this.#options.onIdle)
    }
  }

  /** Kills all workers, those that are being started too. */
  async close (): Promise<void> {
    this.#closing.abort()
    for (const session of this.#sessions.keys()) session.kill()
    await Promise.all([...this.#sessions.keys()].map((session) => session.exited))
    await Promise.all(this.#replacing)
  }

  #add (session: Session, place: Place): void {
    this.#sessions.set(session, place)
    place.fill()
    void session.exited.then(() => { this.#lost(session, place) })
    this.#release(session)
    setImmediate(this.#options.onIdle)
  }

  #release (session: Session): void {
    const [, ...steps] = this.#busy.get(session) ?? []
    this.#busy.delete(session)
    if (steps.length === 0) this.#idle.push(session)
    else this.#busy.set(session, steps)
  }

  /**
   * A step failed: is the batch at fault, or the worker, as one whose device has failed? A worker that fails any batch is replaced;
   * it would be idle more often than the others, and get most of the work.
   */
  async #probe (session: Session, { paddedLength }: BatchShape): Promise<void> {
    const shape = { rows: 1, paddedLength: Math.min(paddedLength, PROBE_LENGTH), lane: 'step' } as const
    try {
      await session.run(shape, anyBatch(shape), this.#options.stepTimeoutMs)
      this.#release(session)
    } catch (error) {
      if (session.alive) this.#options.logger.error({ worker: session.pid, err: error }, 'a session worker fails every step: replacing it')
      session.kill()
    }
    this.#options.onIdle()
  }

  /** It may have been right so far, or not; it is not asked again. */
  #dismiss (session: Session, { message }: ImpossibleResult): void {
    this.#impossibleResults++
    this.#options.logger.error({ worker: session.pid, reason: message }, 'a session worker gave a result that cannot be: replacing it')
    session.kill()
  }

  #lost (session: Session, place: Place): void {
    this.#sessions.delete(session)
    this.#busy.delete(session)
    const index = this.#idle.indexOf(session)
    if (index >= 0) this.#idle.splice(index, 1)
    if (this.#closing.signal.aborted) return
    this.#replacements++
    const pauseMs = place.empty()
    this.#options.logger.error({ worker: session.pid, pauseMs }, 'a session worker died: replacing it')
    const replacing = this.#replace(place, pauseMs)
    this.#replacing.add(replacing)
    void replacing.finally(() => { this.#replacing.delete(replacing) })
  }

  async #replace (place: Place, pauseMs: number): Promise<void> {
    let pause = pauseMs
    while (!this.#closing.signal.aborted) {
      await this.#pause(pause)
      try {
        const session = await this.#start(place)
        this.#options.logger.info({ worker: session.pid, startMs: Math.round(session.startMs) }, 'a session worker has been replaced')
        this.#add(session, place)
        return
      } catch (error) {
        if (this.#closing.signal.aborted) return
        pause = place.failed()
        this.#options.logger.error({ err: error, pauseMs: pause }, 'a session worker did not start')
        if (this.#sessions.size === 0 && this.#starting === 0) this.#options.onHopeless(error as Error)
      }
    }
  }

  async #start ({ options }: Place): Promise<Session> {
    this.#starting++
    try {
      const session = await Session.start(options, this.#closing.signal)
      this.#startMs = session.startMs
      return session
    } finally {
      this.#starting--
    }
  }

  /** Until so many ms are over or the pool is closed. */
  async #pause (ms: number): Promise<void> {
    const { signal } = this.#closing
    if (ms === 0 || signal.aborted) return
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(ms, () => {
        signal.removeEventListener('abort', stop)
        resolve()
      })
      const stop = (): void => {
        cancel()
        resolve()
      }
      signal.addEventListener('abort', stop, { once: true })
    })
  }
}

function hasRoom ([session, steps]: readonly [Session, readonly number[]]): boolean {
  const [only = Infinity] = steps
  return session.alive && steps.length === 1 && only <= AHEAD_MS
}
