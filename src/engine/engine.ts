/** The engine: admits requests, batches their rows between steps, and keeps its promises to them. */
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Source } from '../diffusion/canvas.js'
import { timeGrid } from '../diffusion/schedule.js'
import { FewstepError } from '../errors.js'
import type { Manifest } from '../model/manifest.js'
import { dueTime, nextBatch } from './batcher.js'
import { Job } from './job.js'
import type { GenerateOptions, GenerationRequest, GenerationResult } from './request.js'
import { assembleBatch, distributeResult, Row } from './row.js'
import { SessionPool } from './session-pool.js'
import type { ExecutionProvider, WorkerOptions } from './worker-protocol.js'

/** A step that failed so often, on whichever workers, fails its request. */
const MAX_FAILURES = 3

export interface EngineOptions {
  readonly model: { readonly directory: string, readonly manifest: Manifest }
  readonly workers: number
  /** Intra-op threads of each worker. */
  readonly threads: number
  readonly executionProvider: WorkerOptions['executionProvider']
  /** Rows admitted at once, waiting and running. */
  readonly maxQueue: number
  /** Rows in one step of one worker. */
  readonly maxBatch: number
  readonly stepTimeoutMs: number
  readonly logger: Logger
  /** Milliseconds, monotonic; for tests. */
  readonly now?: () => number
}

export type EngineState = 'starting' | 'ready' | 'draining' | 'stopped'

export interface EngineStats {
  readonly state: EngineState
  readonly queuedRows: number
  readonly runningRows: number
  readonly maxQueue: number
  readonly workers: { readonly ready: number, readonly total: number }
  readonly executionProvider: ExecutionProvider | null
}

export class Engine {
  readonly #options: EngineOptions
  readonly #now: () => number
  readonly #source: Source
  readonly #waiting = new Map<Row, Job>()
  readonly #running = new Map<Row, Job>()
  readonly #jobs = new Set<Job>()
  #pool!: SessionPool // assigned by start(), the only way to make an engine
  #state: EngineState = 'ready'
  #sequence = 0
  #whenEmpty: (() => void) | undefined
  /** Moving average of the time one row spends on one step, in ms: what Retry-After is estimated from. */
  #rowStepMs = 0

  private constructor (options: EngineOptions) {
    const { manifest } = options.model
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#source = {
      distribution: manifest.source_distribution,
      vocabSize: manifest.vocab_size,
      maskTokenId: manifest.mask_token_id
    }
  }

  /** @throws Error where no session can be made: a damaged model, CUDA demanded and not there */
  static async start (options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options)
    const { directory, manifest } = options.model
    engine.#pool = await SessionPool.start({
      size: options.workers,
      worker: {
        graphFile: join(directory, manifest.graph.file),
        executionProvider: options.executionProvider,
        threads: options.threads
      },
      stepTimeoutMs: options.stepTimeoutMs,
      logger: options.logger,
      onIdle: () => { engine.#tick() },
      onHopeless: (cause) => { engine.#failAll(new FewstepError('inference_failed', 'no session worker could be started', { cause })) }
    })
    return engine
  }

  get state (): EngineState {
    return this.#state
  }

  /** Process ids of the workers. */
  get workerPids (): number[] {
    return this.#pool.pids
  }

  stats (): EngineStats {
    return {
      state: this.#state,
      queuedRows: this.#waiting.size,
      runningRows: this.#running.size,
      maxQueue: this.#options.maxQueue,
      workers: { ready: this.#pool.readyCount, total: this.#pool.size },
      executionProvider: this.#pool.executionProvider
    }
  }

  /**
   * Refine all rows of a request to t = 1.
   *
   * The same model, seeds, step sizes and sampling give the same tokens, whoever shares the batches.
   * @throws FewstepError queue_full, draining, cancelled, deadline_exceeded or inference_failed
   */
  async generate (request: GenerationRequest, options: GenerateOptions = {}): Promise<GenerationResult> {
    this.#admit(request)
    const submittedAt = this.#now()
    const job = new Job(request, options, submittedAt)
    const { sampling, stepSizes, deadlineMs } = request
    const plan = { sampling, stepSizes, timeGrid: timeGrid(stepSizes), dueAt: dueTime(submittedAt, deadlineMs) }
    const { max_length: maxLength } = this.#options.model.manifest
    job.rows = request.rows.map((row) => new Row(this.#sequence++, row, plan, this.#source, maxLength))
    this.#jobs.add(job)
    for (const row of job.rows) this.#waiting.set(row, job)
    const cancel = (): void => { this.#fail(job, new FewstepError('cancelled', 'the request was cancelled')) }
    if (options.signal?.aborted === true) cancel()
    options.signal?.addEventListener('abort', cancel, { once: true })
    const deadline = deadlineMs === undefined
      ? undefined
      : setTimeout(() => { this.#fail(job, deadlineExceeded(job, deadlineMs)) }, deadlineMs)
    setImmediate(() => { this.#tick() })
    try {
      return await job.promise
    } finally {
      clearTimeout(deadline)
      options.signal?.removeEventListener('abort', cancel)
    }
  }

  /** Refuse new requests and wait for the running ones; those still running after `timeoutMs` fail with `draining`. */
  async drain (timeoutMs: number = Infinity): Promise<void> {
    this.#state = 'draining'
    if (this.#jobs.size === 0) return
    const empty = new Promise<void>((resolve) => { this.#whenEmpty = resolve })
    const limit = Number.isFinite(timeoutMs)
      ? setTimeout(() => { this.#failAll(new FewstepError('draining', 'the server shut down before the generation was done')) }, timeoutMs)
      : undefined
    await empty
    clearTimeout(limit)
  }

  /** Stop at once: what still runs fails with `draining`. */
  async close (): Promise<void> {
    this.#state = 'stopped'
    this.#failAll(new FewstepError('draining', 'the server shut down before the generation was done'))
    await this.#pool.close()
  }

  #admit (request: GenerationRequest): void {
    if (this.#state !== 'ready') throw new FewstepError('draining', 'the server is shutting down; send the request to another replica')
    const { maxQueue } = this.#options
    const admitted = this.#waiting.size + this.#running.size
    if (admitted + request.rows.length <= maxQueue) return
    const backlog = [...this.#waiting.keys(), ...this.#running.keys()].reduce((sum, row) => sum + row.steps - row.step, 0)
    const seconds = Math.ceil((backlog * this.#rowStepMs) / this.#options.workers / 1000)
    throw new FewstepError('queue_full',
      `the queue is full: ${admitted} of ${maxQueue} canvases are taken and the request needs ${request.rows.length}; retry later`,
      { retryAfterSeconds: Math.min(60, Math.max(1, seconds)) })
  }

  /** Give every idle session a batch. */
  #tick (): void {
    // The first session may be idle before start() has the pool; nothing waits then.
    while (this.#waiting.size > 0 && this.#pool.idleCount > 0) {
      this.#runStep(nextBatch(this.#waiting.keys(), this.#options.maxBatch)).catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'a step was lost')
      })
    }
  }

  async #runStep (rows: Row[]): Promise<void> {
    const jobs = new Set<Job>()
    const begin = this.#now()
    for (const row of rows) {
      const job = this.#waiting.get(row)
      if (job === undefined) continue
      this.#waiting.delete(row)
      this.#running.set(row, job)
      jobs.add(job)
      job.startedAt ??= begin
    }
    try {
      const result = await this.#pool.run(assembleBatch(rows))
      distributeResult(rows, result)
      const ms = this.#now() - begin
      for (const job of jobs) job.computeMs += ms
      this.#rowStepMs += 0.1 * (ms / rows.length - this.#rowStepMs)
      for (const row of rows) this.#stepped(row)
    } catch (error) {
      this.#options.logger.warn({ err: error, rows: rows.length }, 'a step failed: running it again')
      for (const row of rows) this.#retry(row, error)
    }
  }

  /** A row took a step: report it, and let it wait for the next one or finish its job. */
  #stepped (row: Row): void {
    const job = this.#running.get(row)
    this.#running.delete(row)
    if (job === undefined) return // cancelled meanwhile
    if (!row.done) this.#waiting.set(row, job)
    try {
      job.report(row)
    } catch (error) {
      this.#fail(job, error as Error)
      return
    }
    if (job.rows.every((each) => each.done)) this.#finish(job, () => { job.resolve(this.#now()) })
  }

  #retry (row: Row, cause: unknown): void {
    const job = this.#running.get(row)
    this.#running.delete(row)
    if (job === undefined) return
    if (++row.failures < MAX_FAILURES) this.#waiting.set(row, job)
    else this.#fail(job, new FewstepError('inference_failed', `a step failed ${MAX_FAILURES} times; the server's log says why`, { cause }))
  }

  #fail (job: Job, error: Error): void {
    for (const row of job.rows) {
      this.#waiting.delete(row)
      this.#running.delete(row)
    }
    this.#finish(job, () => { job.reject(error) })
  }

  #failAll (error: Error): void {
    for (const job of [...this.#jobs]) this.#fail(job, error)
  }

  #finish (job: Job, settle: () => void): void {
    if (!this.#jobs.delete(job)) return
    settle()
    if (this.#jobs.size === 0) this.#whenEmpty?.()
  }
}

function deadlineExceeded ({ rows }: Job, deadlineMs: number): FewstepError {
  const taken = Math.min(...rows.map(({ step }) => step))
  return new FewstepError('deadline_exceeded',
    `deadline_ms, ${deadlineMs}, was over after ${taken} of ${rows[0]?.steps ?? 0} steps; ask for fewer steps or tokens, or more time`, { field: 'deadline_ms' })
}
