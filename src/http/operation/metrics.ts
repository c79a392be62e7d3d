/** Prometheus metrics, in a registry of their own. */
import { Counter, Histogram, Registry } from 'prom-client'
import type { Config } from '../../config.js'
import { ERROR_CODES } from '../../errors.js'
import { STEPS_REASONS, type ScoreResult, type TextResult } from '../../generation/index.js'
import type { LoadedModels } from '../../loaded-models.js'
import type { Lifecycle } from '../connection/lifecycle.js'
import type { GenerationCounts } from '../generation/context.js'
import type { Outcome } from '../generation/outcome.js'
import type { ServedRequest } from '../log/request-log.js'
import { addEngineMetrics } from './engine-metrics.js'
import { ProcessMetrics } from './process-metrics.js'
import { VllmMetrics } from './vllm-metrics.js'

const USUAL_OUTCOMES: readonly Outcome[] = ['completed', 'cancelled', 'deadline_exceeded', 'queue_full', 'draining', 'inference_failed']
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export interface MetricsOptions {
  readonly models: LoadedModels
  readonly lifecycle: Lifecycle
  readonly aliases: Config['metricsAliases']
  /** How many lines the log has lost so far. */
  readonly droppedLogLines: () => number
}

export class Metrics implements GenerationCounts {
  readonly registry = new Registry()
  readonly #process = new ProcessMetrics()
  readonly #requests: Counter
  readonly #durations: Histogram
  readonly #generations: Counter
  readonly #tokens: Counter
  readonly #scoredTokens: Counter
  readonly #networkCalls: Counter
  readonly #queueSeconds: Histogram
  readonly #computeSeconds: Histogram
  readonly #outputs: Counter
  readonly #droppedConnections: Counter
  /** Names of the models that have series. */
  readonly #known = new Set<string>()
  readonly #aliases: VllmMetrics | undefined

  constructor ({ models, lifecycle, aliases, droppedLogLines }: MetricsOptions) {
    const registers = [this.registry]
    const labelNames = ['method', 'route', 'status']
    this.#requests = new Counter({
      name: 'fewstep_http_requests_total',
      help: 'Requests served; status 499: the client left before the ' +
      'end, mid-stream too; a stream that failed has the status of its error.',
      labelNames,
      registers
    })
    this.#durations = new Histogram({
      name: 'fewstep_http_request_duration_seconds',
      help: 'From the request to the end of the response.',
      labelNames,
      buckets: SECONDS,
      registers
    })
    this.#generations = new Counter({
      name: 'fewstep_generations_total',
      help: 'Generations and scorings asked of the engine, by how they ended: ' +
      "completed, or an error's code; cancelled: the client left.",
      labelNames: ['model', 'outcome'],
      registers
    })
    this.#tokens = new Counter({ name: 'fewstep_generated_tokens_total', help: 'Tokens made and kept.', labelNames: ['model'], registers })
    this.#scoredTokens = new Counter({
      name: 'fewstep_scored_tokens_total',
      help: 'Tokens of texts that were scored.',
      labelNames: ['model'],
      registers
    })
    this.#networkCalls = new Counter({
      name: 'fewstep_network_calls_total',
      help: 'Steps of canvases that finished.',
      labelNames: ['model'],
      registers
    })
    this.#queueSeconds = new Histogram({
      name: 'fewstep_queue_seconds',
      help: "From arrival at the engine to a generation's first step.",
      labelNames: ['model'],
      buckets: SECONDS,
      registers
    })
    this.#computeSeconds = new Histogram({
      name: 'fewstep_compute_seconds',
      help: "Time in a generation's steps.",
      labelNames: ['model'],
      buckets: SECONDS,
      registers
    })
    this.#outputs = new Counter({
      name: 'fewstep_outputs_total',
      help: 'Outputs finished, by why they took the steps they took: full, load, deadline, stable.',
      labelNames: ['model', 'steps_reason'],
      registers
    })
    this.#droppedConnections = new Counter({
      name: 'fewstep_connections_dropped_total',
      help: 'Connections closed at once, because as many were open as the limit of open files leaves room for.',
      registers
    })
    addEngineMetrics(this.registry, models, lifecycle)
    this.#aliases = aliases === 'vllm' ? new VllmMetrics(this.registry, models) : undefined
    this.registry.registerMetric(new Counter({
      name: 'fewstep_log_lines_dropped_total',
      help: 'Log lines that standard output could not take: its disk is full, its reader has left or stalls.',
      registers: [],
      collect () {
        this.reset()
        this.inc(droppedLogLines())
      }
    }))
    for (const model of models.names) this.#begin(model)
    models.events.on('loaded', ({ name }) => { this.#begin(name) })
    models.events.on('ended', ({ name }) => { if (!models.knows(name)) this.#forget(name) })
  }

  /** All of it in Prometheus' text format. */
  async text (): Promise<string> {
    return `${await this.registry.metrics()}${await this.#process.text()}`
  }

  served ({ seconds, ...labels }: ServedRequest): void {
    this.#requests.inc(labels)
    this.#durations.observe(labels, seconds)
  }

  connectionDropped (): void {
    this.#droppedConnections.inc()
  }

  /** @param model its name */
  ended (model: string, outcome: Outcome): void {
    if (this.#known.has(model)) this.#generations.inc({ model, outcome })
  }

  /** @param model its name */
  generated (model: string, result: TextResult): void {
    const { outputs, usage, timings } = result
    if (!this.#known.has(model)) return
    for (const { stepsReason } of outputs) this.#outputs.inc({ model, steps_reason: stepsReason })
    this.#tokens.inc({ model }, usage.completionTokens)
    this.#networkCalls.inc({ model }, usage.networkCalls)
    this.#queueSeconds.observe({ model }, timings.queueMs / 1000)
    this.#computeSeconds.observe({ model }, timings.computeMs / 1000)
    this.#aliases?.generated(model, result)
  }

  /** @param model its name */
  scored (model: string, { scoredTokens, networkCalls, timings }: ScoreResult): void {
    if (!this.#known.has(model)) return
    this.#scoredTokens.inc({ model }, scoredTokens)
    this.#networkCalls.inc({ model }, networkCalls)
    this.#queueSeconds.observe({ model }, timings.queueMs / 1000)
    this.#computeSeconds.observe({ model }, timings.computeMs / 1000)
  }

  /** A model that was never asked has zeros, not holes; one that replaces another goes on where that one was. */
  #begin (model: string): void {
    if (this.#known.has(model)) return
    this.#known.add(model)
    for (const counter of [this.#tokens, this.#scoredTokens, this.#networkCalls]) counter.inc({ model }, 0)
    for (const outcome of USUAL_OUTCOMES) this.#generations.inc({ model, outcome }, 0)
    for (const histogram of [this.#queueSeconds, this.#computeSeconds]) histogram.zero({ model })
    this.#aliases?.begin(model)
  }

  /** One that is gone leaves no series behind, or they would pile up. */
  #forget (model: string): void {
    this.#known.delete(model)
    for (const counter of [this.#tokens, this.#scoredTokens, this.#networkCalls]) counter.remove({ model })
    for (const histogram of [this.#queueSeconds, this.#computeSeconds]) histogram.remove({ model })
    for (const outcome of ['completed', ...ERROR_CODES]) this.#generations.remove({ model, outcome })
    for (const reason of STEPS_REASONS) this.#outputs.remove({ model, steps_reason: reason })
    this.#aliases?.forget(model)
  }
}
