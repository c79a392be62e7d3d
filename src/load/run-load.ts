/** The shell around schedule and summary: clock, timers, connections. */
import { setMaxListeners } from 'node:events'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { Client } from './client.js'
import type { LoadOptions } from './options.js'
import { requestBodies, schedule } from './schedule.js'
import { outcomeOf, summarise, type LoadSummary, type Outcome } from './summary.js'

/** A client of a closed loop that was refused waits so long before it asks again. */
const REFUSED_PAUSE_MS = 100
/** However fast they are answered, closed loops end here. */
const MAX_REQUESTS = 1_000_000

export interface LoadReport extends LoadSummary {
  /** CPU time of this process over the time of the run: a generator near 1 measures itself. */
  readonly generatorCpuShare: number
}

/**
 * Load a server as the options say, and wait until everything sent has come to an end.
 *
 * In the process of the server itself, or with other work in this process, the figures mix with it: `lagMs` and
 * `generatorCpuShare` show by how much.
 * @param signal abort: send no more, give up what is under way, and report what was measured until then
 * @param watch is told of every request that came to an end
 */
export async function runLoad (options: LoadOptions, signal?: AbortSignal, watch?: Watch): Promise<LoadReport> {
  const run = new Run(options, signal, watch)
  const cpu = process.cpuUsage()
  await (options.loop.kind === 'open' ? run.openLoop() : run.closedLoop(options.loop.concurrency))
  const { user, system } = process.cpuUsage(cpu)
  const seconds = run.elapsedMs / 1000
  const beginMs = 1000 * options.warmupS
  const endMs = Math.max(beginMs, Math.min(run.endMs, run.interruptedMs))
  return {
    ...summarise(run.outcomes, { beginMs, endMs }, options.goodWithinMs ?? options.deadlineMs),
    generatorCpuShare: (user + system) / 1e6 / seconds
  }
}

/** How a run stands. */
export interface Standing {
  readonly elapsedMs: number
  /** From the first to the last request that came to an end. */
  readonly outcomes: readonly Outcome[]
  readonly inFlight: number
}

export type Watch = (standing: Standing) => void

class Run {
  readonly outcomes: Outcome[] = []
  /** When nothing more is sent. */
  readonly endMs: number
  interruptedMs = Infinity
  readonly #options: LoadOptions
  readonly #client: Client
  readonly #bodies: Generator<string, never, undefined>
  readonly #stop = new AbortController()
  readonly #startedAt = performance.now()
  readonly #watch: Watch
  #requests = 0

  constructor (options: LoadOptions, signal: AbortSignal | undefined, watch: Watch = () => {}) {
    this.#options = options
    this.#watch = watch
    this.endMs = 1000 * (options.warmupS + options.durationS)
    this.#client = new Client(options.url, 1000 * options.timeoutS, options.apiKey)
    this.#bodies = requestBodies(options)
    setMaxListeners(0, this.#stop.signal) // each client that pauses listens
    const interrupt = (): void => {
      this.interruptedMs = this.elapsedMs
      this.#stop.abort()
      this.#client.interrupt()
    }
    if (signal?.aborted === true) interrupt()
    signal?.addEventListener('abort', interrupt, { once: true })
  }

  get elapsedMs (): number {
    return performance.now() - this.#startedAt
  }

  /** Each arrival is sent when it is due, whatever became of those before it. */
  async openLoop (): Promise<void> {
    const underway = new Set<Promise<boolean>>()
    for (const atMs of schedule(this.#options)) {
      if (!await this.#until(atMs)) break
      const request = this.#send(atMs)
      underway.add(request)
      void request.then(() => underway.delete(request))
    }
    await Promise.all(underway)
    this.#client.close()
  }

  async closedLoop (concurrency: number): Promise<void> {
    await Promise.all(Array.from({ length: concurrency }, async () => {
      while (this.elapsedMs < this.endMs && !this.#stop.signal.aborted && this.#requests < MAX_REQUESTS) {
        const answered = await this.#send(this.elapsedMs)
        if (!answered) await this.#until(this.elapsedMs + REFUSED_PAUSE_MS)
      }
    }))
    this.#client.close()
  }

  /** @returns whether it was answered with status 200 */
  async #send (scheduledMs: number): Promise<boolean> {
    this.#requests++
    const body = this.#bodies.next().value
    const sentMs = this.elapsedMs
    if (this.#client.inFlight >= this.#options.maxInFlight) {
      this.#ended({ scheduledMs, sentMs: undefined, doneMs: sentMs, status: 'unsent' })
      return false
    }
    const answer = await this.#client.post(body)
    this.#ended(outcomeOf(answer, scheduledMs, sentMs, this.#startedAt))
    return answer.status === '200'
  }

  #ended (outcome: Outcome): void {
    this.outcomes.push(outcome)
    this.#watch({ elapsedMs: this.elapsedMs, outcomes: this.outcomes, inFlight: this.#client.inFlight })
  }

  /**
   * Timers may fire a fraction of a millisecond early; a late schedule still lets answers be read.
   * @returns false: the run was interrupted before
   */
  async #until (atMs: number): Promise<boolean> {
    const { signal } = this.#stop
    if (atMs <= this.elapsedMs) await turn()
    try {
      for (let left = atMs - this.elapsedMs; left > 0; left = atMs - this.elapsedMs) await delay(left, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
    return !signal.aborted
  }
}
