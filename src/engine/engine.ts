/** The engine: admits requests, has their canvases refined, and keeps its promises to them. */
import type { Logger } from 'pino'
import { isMaskedDiffusion, type Manifest } from '../model/manifest.js'
import { verdict, type Admissible, type Expectation, type Work } from './admission.js'
import { systemClock, type Clock } from './clock.js'
import type { CostCurve } from './cost-curve.js'
import { Dispatcher, type StepTotals } from './dispatcher.js'
import { chooseGraphs, graphFiles, type GraphChoice } from './graph-choice.js'
import { Lateness } from './lateness.js'
import { openSessions, type Graph, type OpenedSessions, type OpenSessionsOptions } from './open-sessions.js'
import { plannedWork } from './planned-work.js'
import {
  cancelled, deadlineExceeded, deadlineTooLate, deadlineTooShort, inferenceFailed, notReady, queueFull, shutDown, shuttingDown, waitTooLong
} from './refusals.js'
import type { GenerateOptions, GenerationRequest, GenerationResult, RanBatch, TicketObserver, TicketOptions } from './request.js'
import type { Row, RowSource } from './row.js'
import { SessionPool } from './session-pool.js'
import { Ticket, type TicketHost } from './ticket.js'
import type { Tuning } from './tuning-cache.js'
import { tryStep } from './trial-step.js'
import type { ExecutionProvider, Precision } from './worker-protocol.js'

type SessionSettings = Pick<OpenSessionsOptions,
  'executionProvider' | 'devices' | 'workers' | 'threads' | 'maxBatch' | 'warmUpMs' | 'cacheDirectory' | 'copiedFromBytes' | 'tuning'>

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
  /** Those of them that no step has begun for. */
  readonly waitingGenerations: number
  readonly queuedRows: number
  readonly runningRows: number
  /** Clients' abort signals and deadlines that are listened to: none without generations. */
  readonly listeners: number
  readonly maxQueue: number
  readonly workers: {
    readonly ready: number
    readonly total: number
    readonly threads: number
    readonly replaced: number
    /** Results that cannot be; the worker of each was replaced. */
    readonly impossibleResults: number
  }
  readonly executionProvider: ExecutionProvider
  readonly precision: Precision
  readonly steps: StepTotals
}

export class Engine {
  readonly #options: EngineOptions
  readonly #clock: Clock
  readonly #host: TicketHost
  readonly #source: RowSource
  readonly #precision: Precision
  readonly #costs: CostCurve
  readonly #pool: SessionPool
  readonly #dispatcher: Dispatcher
  readonly #worker: OpenedSessions['sessions'][number]['options'] | undefined
  readonly #lateness = new Lateness()
  readonly #tickets = new Set<Ticket>()
  readonly #ticketOf = new WeakMap<Row, Ticket>()
  /** Called when no ticket is left. */
  readonly #whenEmpty = new Set<() => void>()
  #state: EngineState = 'ready'
  #sequence = 0
  #listeners = 0
  /** Whether idle sessions will be given work in a moment. */
  #waking = false

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
    this.#costs = costs
    this.#host = {
      source: this.#source,
      now: this.#clock.now,
      add: (ticket, row) => { this.#add(ticket, row) },
      remove: (row) => { this.#dispatcher.remove(row) }
    }
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
      onBegin: (row) => { this.#ticketOf.get(row)?.begin() },
      onStep: (row, batch) => { this.#stepped(row, batch) },
      onRetry: (row) => { this.#ticketOf.get(row)?.retried(row) },
      requestOf: (row) => this.#ticketOf.get(row)?.terms.request.id,
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

  /** What it runs with, and what it has learned of a step's costs. */
  get tuning (): Tuning {
    const plan = { workers: this.#pool.size, threads: this.#worker?.threads ?? 1 }
    return { measuredAt: new Date().toISOString(), plan, precision: this.#precision, costs: this.#costs.points }
  }

  stats (): EngineStats {
    const { readyCount, size, replacements, impossibleResults } = this.#pool
    return {
      state: this.#state,
      generations: this.#tickets.size,
      waitingGenerations: [...this.#tickets].filter(({ begun }) => !begun).length,
      queuedRows: this.#dispatcher.waitingRows,
      runningRows: this.#dispatcher.runningRows,
      listeners: this.#listeners,
      maxQueue: this.#options.maxQueue,
      workers: { ready: readyCount, total: size, threads: this.#worker?.threads ?? 0, replaced: replacements, impossibleResults },
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
  async generate (request: GenerationRequest, { onStep, ...options }: GenerateOptions = {}): Promise<GenerationResult> {
    return await this.withTicket(request, options, async (ticket) => {
      const rows = await Promise.all(request.rows.map(({ template }, row) => ticket.refine({ row, block: 0, template }, onStep)))
      return { rows, ...ticket.summary() }
    })
  }

  /**
   * Admit a request, and let `work` have its canvases refined, block by block and each row at its own pace, under the ticket that
   * it gets: with one place in the order, one deadline and one signal. The ticket ends with `work`.
   * @throws FewstepError like `generate`, and whatever `work` throws
   */
  async withTicket<Result> (
    request: GenerationRequest, { signal, observer }: TicketOptions, work: (ticket: Ticket) => Promise<Result>
  ): Promise<Result> {
    this.#checkState()
    const { deadlineMs } = request
    const ticket = this.#issue(request, observer)
    const cancel = (): void => { ticket.fail(cancelled()) }
    if (signal?.aborted === true) cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    const forgetDeadline = deadlineMs === undefined
      ? undefined
      : this.#clock.after(deadlineMs, () => { this.#expire(ticket, deadlineMs) })
    this.#listeners++
    try {
      const result = await work(ticket)
      this.#observe(ticket, this.#clock.now() - ticket.terms.submittedAt, deadlineMs === undefined ? undefined : true)
      return result
    } finally {
      this.#listeners--
      forgetDeadline?.()
      signal?.removeEventListener('abort', cancel)
      // Of what `work` left behind.
      ticket.fail(cancelled())
      this.#forget(ticket)
    }
  }

  /** Refuse new requests and wait for the running ones; those still running after `timeoutMs` fail with `draining`. */
  async drain (timeoutMs: number = Infinity): Promise<void> {
    if (this.#state === 'ready') this.#state = 'draining'
    if (this.#tickets.size === 0) return
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

  #issue (request: GenerationRequest, observer: TicketObserver | undefined): Ticket {
    const submittedAt = this.#clock.now()
    const work = plannedWork(request, this.#source, submittedAt)
    const expected = this.#admit(work, request)
    const ticket = new Ticket({ request, sequence: this.#sequence, submittedAt, work, expected, observer }, this.#host)
    this.#sequence += request.rows.length
    this.#tickets.add(ticket)
    return ticket
  }

  /** Whether there is room for a request of such rows, and time. */
  #admit (work: readonly Work[], { rows, deadlineMs = Infinity }: GenerationRequest): Expectation {
    const { maxQueue, maxWaitMs } = this.#options
    const needed = rows.length
    const admitted = [...this.#tickets].reduce((sum, { places }) => sum + places, 0)
    const expected = this.#dispatcher.expectation(oneAfterAnother(work), needed)
    const { workMs, queueMs, waitMs, fewestMs, aloneMs } = expected
    const { factor, cautious } = this.#lateness
    if (admitted + needed > maxQueue) throw queueFull({ admitted, maxQueue, needed, waitMs: factor * workMs })
    const judged = verdict(expected, this.#lateness, deadlineMs, maxWaitMs)
    if (judged === 'too_short' && !this.#dispatcher.doubtful) throw deadlineTooShort(deadlineMs, aloneMs)
    if (judged === 'too_late') throw deadlineTooLate(deadlineMs, cautious * (waitMs + fewestMs), factor * waitMs)
    if (judged === 'too_long') throw waitTooLong(factor * queueMs, maxWaitMs)
    return expected
  }

  #add (ticket: Ticket, row: Row): void {
    this.#ticketOf.set(row, ticket)
    this.#dispatcher.add(row)
    if (this.#waking) return
    this.#waking = true
    // All that come in this turn may share a batch.
    setImmediate(() => {
      this.#waking = false
      this.#dispatcher.tick()
    })
  }

  #stepped (row: Row, batch: RanBatch): void {
    const ticket = this.#ticketOf.get(row)
    try {
      ticket?.stepped(row, batch)
    } catch (error) {
      ticket?.fail(error as Error)
    }
  }

  #expire (ticket: Ticket, deadlineMs: number): void {
    this.#observe(ticket, deadlineMs, false)
    const { taken, steps } = ticket.progress
    ticket.fail(deadlineExceeded(deadlineMs, taken, steps))
  }

  /** Of a text in blocks, which gets out of others' way, nothing is learned about those that do not. */
  #observe ({ terms: { work, expected } }: Ticket, tookMs: number, inTime: boolean | undefined): void {
    if (work.length === 1) this.#lateness.observe(expected, tookMs, inTime)
  }

  #stepFailed (row: Row, cause: unknown): void {
    this.#ticketOf.get(row)?.fail(inferenceFailed(cause))
  }

  #failAll (error: Error): void {
    for (const ticket of this.#tickets) ticket.fail(error)
  }

  #forget (ticket: Ticket): void {
    this.#tickets.delete(ticket)
    if (this.#tickets.size > 0) return
    for (const resolve of this.#whenEmpty) resolve()
    this.#whenEmpty.clear()
  }
}

/** A row that is to do all of it. */
function oneAfterAnother (work: readonly Work[]): Admissible {
  const [first, ...later] = work
  if (first === undefined) throw new RangeError('there is no canvas')
  return { ...first, stepsLeft: work.reduce((sum, { stepsLeft }) => sum + stepsLeft, 0), later }
}
