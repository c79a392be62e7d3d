/** The engine: admits requests, has their rows refined, and keeps its promises to them. */
import type { Logger } from 'pino'
import { isMaskedDiffusion, type Manifest } from '../model/manifest.js'
import { verdict, type Expectation } from './admission.js'
import { dueTime } from './batcher.js'
import { systemClock, type Clock } from './clock.js'
import { Dispatcher, type StepTotals } from './dispatcher.js'
import { chooseGraphs, graphFiles, type GraphChoice } from './graph-choice.js'
import { Job } from './job.js'
import { Lateness } from './lateness.js'
import { openSessions, type Graph, type OpenedSessions, type OpenSessionsOptions } from './open-sessions.js'
import {
  cancelled, deadlineExceeded, deadlineTooLate, deadlineTooShort, inferenceFailed, notReady, queueFull, shutDown, shuttingDown, waitTooLong
} from './refusals.js'
import type { GenerateOptions, GenerationRequest, GenerationResult } from './request.js'
import { Row, type RowSource } from './row.js'
import { SessionPool } from './session-pool.js'
import { tryStep } from './trial-step.js'
import type { ExecutionProvider, Precision } from './worker-protocol.js'

type SessionSettings = Pick<OpenSessionsOptions,
  'executionProvider' | 'devices' | 'workers' | 'threads' | 'maxBatch' | 'warmUpMs' | 'cacheDirectory'>

export interface EngineOptions extends SessionSettings {
  readonly model: { readonly directory: string, readonly manifest: Manifest }
  /** `auto`: on the CPU the faster one, as measured, of those that the model has a graph for. */
  readonly precision: Precision | 'auto'
  /** Rows admitted at once, waiting and running. */
  readonly maxQueue: number
  /** Within so long a request is expected to be done, or it is refused; see `verdict`. */
  readonly maxWaitMs: number
  readonly stepTimeoutMs: number
  readonly logger: Logger
  /** Breaks the start off; of no effect afterwards. */
  readonly signal?: AbortSignal | undefined
  /** For tests: by it everything is scheduled, due and given up. */
  readonly clock?: Clock
}

export type EngineState = 'ready' | 'draining' | 'stopped'

export interface EngineStats {
  readonly state: EngineState
  /** Generations that are not settled. */
  readonly generations: number
  readonly queuedRows: number
  readonly runningRows: number
  /** Clients' abort signals and deadlines that are listened to: none without generations. */
  readonly listeners: number
  readonly maxQueue: number
  readonly workers: { readonly ready: number, readonly total: number, readonly threads: number, readonly replaced: number }
  readonly executionProvider: ExecutionProvider
  readonly precision: Precision
  readonly steps: StepTotals
}

export class Engine {
  readonly #options: EngineOptions
  readonly #clock: Clock
  readonly #source: RowSource
  readonly #precision: Precision
  readonly #pool: SessionPool
  readonly #dispatcher: Dispatcher
  readonly #worker: OpenedSessions['sessions'][number]['options'] | undefined
  readonly #lateness = new Lateness()
  readonly #jobs = new Set<Job>()
  readonly #jobOf = new WeakMap<Row, Job>()
  /** Called when no job is left. */
  readonly #whenEmpty = new Set<() => void>()
  #state: EngineState = 'ready'
  #sequence = 0
  #listeners = 0

  private constructor (options: EngineOptions, { sessions, precision, costs }: OpenedSessions) {
    const { manifest } = options.model
    const { logger, maxBatch, stepTimeoutMs } = options
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#source = {
      distribution: manifest.source_distribution,
      vocabSize: manifest.vocab_size,
      maskTokenId: manifest.mask_token_id,
      exponent: manifest.exponent,
      revealsForGood: isMaskedDiffusion(manifest),
      maxLength: manifest.max_length
    }
    this.#precision = precision
    this.#worker = sessions[0]?.options
    this.#pool = new SessionPool({
      sessions,
      stepTimeoutMs,
      logger,
      clock: this.#clock,
      onIdle: () => { this.#dispatcher.tick() },
      onHopeless: (cause) => { this.#failAll(notReady(this.#pool.readyInMs, cause)) }
    })
    this.#dispatcher = new Dispatcher({
      pool: this.#pool,
      costs,
      maxBatch,
      logger,
      now: this.#clock.now,
      onBegin: (row) => { this.#jobOf.get(row)?.begin(this.#clock.now()) },
      onStep: (row, begin, end) => { this.#stepped(row, begin, end) },
      onFailed: (row, cause) => { this.#stepFailed(row, cause) }
    })
  }

  /**
   * @throws Error where no session can be made: a damaged model, one whose step is not as its manifest says, CUDA demanded and
   * not there; or `signal` is aborted, and no worker is left
   */
  static async start (options: EngineOptions): Promise<Engine> {
    const { directory, manifest } = options.model
    const { cpu: [likely, ...others], cuda } = chooseGraphs(manifest, options)
    const graph = (choice: GraphChoice): Graph => ({
      precision: choice.precision, files: graphFiles(directory, manifest, choice), sha256: manifest.files[choice.file]?.sha256 ?? ''
    })
    return new Engine(options, await openSessions({
      ...options,
      graphs: { cpu: [graph(likely), ...others.map(graph)], cuda: graph(cuda) },
      maxLength: manifest.max_length,
      trial: (session) => tryStep(session, manifest)
    }))
  }

  get state (): EngineState {
    return this.#state
  }

  /** Process ids of the workers. */
  get workerPids (): number[] {
    return this.#pool.pids
  }

  stats (): EngineStats {
    const { readyCount, size, replacements } = this.#pool
    return {
      state: this.#state,
      generations: this.#jobs.size,
      queuedRows: this.#dispatcher.waitingRows,
      runningRows: this.#dispatcher.runningRows,
      listeners: this.#listeners,
      maxQueue: this.#options.maxQueue,
      workers: { ready: readyCount, total: size, threads: this.#worker?.threads ?? 0, replaced: replacements },
      executionProvider: this.#worker?.executionProvider ?? 'cpu',
      precision: this.#precision,
      steps: this.#dispatcher.totals
    }
  }

  /**
   * Refine all rows of a request to t = 1.
   *
   * The same model, seeds, exact budget and sampling give the same tokens, whoever shares the batches.
   * @throws FewstepError queue_full, deadline_too_short, not_ready, draining, cancelled, deadline_exceeded or inference_failed
   */
  async generate (request: GenerationRequest, options: GenerateOptions = {}): Promise<GenerationResult> {
    this.#checkState()
    const { signal } = options
    const { deadlineMs } = request
    const rows = this.#createRows(request)
    const job = this.#createJob(rows, this.#admit(rows, deadlineMs), options)
    const cancel = (): void => { this.#fail(job, cancelled()) }
    if (signal?.aborted === true) cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    const forgetDeadline = deadlineMs === undefined
      ? undefined
      : this.#clock.after(deadlineMs, () => { this.#expire(job, deadlineMs) })
    this.#listeners++
    setImmediate(() => { this.#dispatcher.tick() })
    try {
      return await job.promise
    } finally {
      this.#listeners--
      forgetDeadline?.()
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Refuse new requests and wait for the running ones; those still running after `timeoutMs` fail with `draining`. */
  async drain (timeoutMs: number = Infinity): Promise<void> {
    if (this.#state === 'ready') this.#state = 'draining'
    if (this.#jobs.size === 0) return
    const empty = new Promise<void>((resolve) => { this.#whenEmpty.add(resolve) })
    const forgetLimit = Number.isFinite(timeoutMs) ? this.#clock.after(timeoutMs, () => { this.#failAll(shutDown()) }) : undefined
    await empty
    forgetLimit?.()
  }

  /** Stop at once: what still runs fails with `draining`. */
  async close (): Promise<void> {
    this.#state = 'stopped'
    this.#failAll(shutDown())
    await this.#pool.close()
  }

  #checkState (): void {
    if (this.#state !== 'ready') throw shuttingDown()
    if (this.#pool.readyCount === 0) throw notReady(this.#pool.readyInMs)
  }

  #createRows (request: GenerationRequest): Row[] {
    const { sampling, budget, stableBelow, deadlineMs = Infinity } = request
    const now = this.#clock.now()
    const plan = { sampling, budget, stableBelow, dueAt: dueTime(now, deadlineMs), deadlineAt: now + deadlineMs }
    return request.rows.map((row) => new Row(this.#sequence++, row, plan, this.#source))
  }

  /** Whether there is room for a request of these rows, and time; the longest of them speaks for all. */
  #admit (rows: readonly Row[], deadlineMs: number = Infinity): Expectation {
    const { maxQueue, maxWaitMs } = this.#options
    const needed = rows.length
    const admitted = this.#dispatcher.waitingRows + this.#dispatcher.runningRows
    const longest = rows.reduce((a, b) => b.paddedLength > a.paddedLength ? b : a)
    const expected = this.#dispatcher.expectation(longest, needed)
    const { workMs, queueMs, waitMs, fewestMs, aloneMs } = expected
    const { factor } = this.#lateness
    if (admitted + needed > maxQueue) throw queueFull({ admitted, maxQueue, needed, waitMs: factor * workMs })
    const judged = verdict(expected, factor, deadlineMs, maxWaitMs)
    if (judged === 'too_short' && !this.#dispatcher.doubtful) throw deadlineTooShort(deadlineMs, aloneMs)
    if (judged === 'too_late') throw deadlineTooLate(deadlineMs, factor * (waitMs + fewestMs), factor * waitMs)
    if (judged === 'too_long') throw waitTooLong(factor * queueMs, maxWaitMs)
    return expected
  }

  #createJob (rows: readonly Row[], expected: Expectation, options: GenerateOptions): Job {
    const job = new Job(rows, expected, options, this.#clock.now())
    this.#jobs.add(job)
    for (const row of job.rows) {
      this.#jobOf.set(row, job)
      this.#dispatcher.add(row)
    }
    return job
  }

  #stepped (row: Row, begin: number, end: number): void {
    const job = this.#jobOf.get(row)
    if (job === undefined) return
    try {
      job.stepped(row, begin, end)
    } catch (error) {
      this.#fail(job, error as Error)
      return
    }
    if (!job.rows.every(({ done }) => done)) return
    const now = this.#clock.now()
    this.#lateness.observe(job.expected, now - job.submittedAt)
    this.#finish(job, () => { job.resolve(now) })
  }

  #expire (job: Job, deadlineMs: number): void {
    this.#lateness.observe(job.expected, deadlineMs)
    this.#fail(job, deadlineExceeded(deadlineMs, job.stepsTaken, job.steps))
  }

  #stepFailed (row: Row, cause: unknown): void {
    const job = this.#jobOf.get(row)
    if (job !== undefined) this.#fail(job, inferenceFailed(cause))
  }

  #fail (job: Job, error: Error): void {
    for (const row of job.rows) this.#dispatcher.remove(row)
    this.#finish(job, () => { job.reject(error) })
  }

  #failAll (error: Error): void {
    for (const job of [...this.#jobs]) this.#fail(job, error)
  }

  #finish (job: Job, settle: () => void): void {
    if (!this.#jobs.delete(job)) return
    settle()
    if (this.#jobs.size > 0) return
    for (const resolve of this.#whenEmpty) resolve()
    this.#whenEmpty.clear()
  }
}
