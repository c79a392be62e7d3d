/** Prometheus metrics, in a registry of their own. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Engine } from '../../engine/engine.js'
import type { ScoreResult, TextResult } from '../../generation/index.js'
import type { LoadedModels } from '../../loaded-models.js'
import type { Lifecycle } from '../connection/lifecycle.js'
import type { GenerationCounts } from '../generation/context.js'
import type { Outcome } from '../generation/outcome.js'
import type { ServedRequest } from '../log/request-log.js'
import { ProcessMetrics } from './process-metrics.js'

const USUAL_OUTCOMES: readonly Outcome[] = ['completed', 'cancelled', 'deadline_exceeded', 'queue_full', 'draining', 'inference_failed']
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

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

  /** @param droppedLogLines how many lines the log has lost so far */
  constructor (models: LoadedModels, lifecycle: Lifecycle, droppedLogLines: () => number) {
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
    gauge('fewstep_queued_rows', 'Canvases that wait for their next step.', (stats) => stats.queuedRows)
    gauge('fewstep_running_rows', 'Canvases in a step.', (stats) => stats.runningRows)
    gauge('fewstep_queue_limit', 'Canvases admitted at once.', (stats) => stats.maxQueue)
    gauge('fewstep_workers_ready', 'Session workers that can take a step.', (stats) => stats.workers.ready)
    total('fewstep_step_batches_total', 'Steps run, of a whole batch each.', ({ steps }) => steps.batches)
    total('fewstep_step_rows_total', 'Canvases in them: over the batches, the mean batch.', ({ steps }) => steps.rows)
    total('fewstep_step_positions_total', 'Positions in them, padding included.', ({ steps }) => steps.positions)
    total('fewstep_step_run_seconds_total', 'Time in ONNX Runtime, over all workers.', ({ steps }) => steps.runMs / 1000)
    total('fewstep_step_worker_seconds_total', 'Time from handing a batch to a worker to its result, over all workers.',
      ({ steps }) => steps.workerMs / 1000)
    total('fewstep_step_failures_total', 'Steps that failed and were run again.', ({ steps }) => steps.failures)
    total('fewstep_workers_replaced_total', 'Session workers that died and were replaced.', ({ workers }) => workers.replaced)
    gauge('fewstep_workers', 'Session workers that there should be.', (stats) => stats.workers.total)
    const ready = gauge('fewstep_ready', '1 while others should send requests to the model.',
      (stats) => Number(lifecycle.phase === 'serving' && stats.state === 'ready' && stats.workers.ready > 0))
    for (const { name } of models.failed) ready.set({ model: name }, 0)
    // eslint-disable-next-line no-new -- it lives in the registry
    new Counter({
      name: 'fewstep_log_lines_dropped_total',
      help: 'Log lines that standard output could not take: its disk is full, its reader has left or stalls.',
      registers,
      collect () {
        this.reset()
        this.inc(droppedLogLines())
      }
    })
    // A model that was never asked has zeros, not holes.
    for (const model of models.names) {
      for (const counter of [this.#tokens, this.#scoredTokens, this.#networkCalls]) counter.inc({ model }, 0)
      for (const outcome of USUAL_OUTCOMES) this.#generations.inc({ model, outcome }, 0)
      for (const histogram of [this.#queueSeconds, this.#computeSeconds]) histogram.zero({ model })
    }

    function total (name: string, help: string, read: (stats: ReturnType<Engine['stats']>) => number): void {
      // eslint-disable-next-line no-new -- it lives in the registry
      new Counter({
        name,
        help,
        labelNames: ['model'],
        registers,
        collect () {
          this.reset()
          for (const { model, engine } of models.all) this.inc({ model: model.manifest.name }, read(engine.stats()))
        }
      })
    }
    function gauge (name: string, help: string, read: (stats: ReturnType<Engine['stats']>) => number): Gauge {
      return new Gauge({
        name,
        help,
        labelNames: ['model'],
        registers,
        collect () {
          for (const { model, engine } of models.all) this.set({ model: model.manifest.name }, read(engine.stats()))
        }
      })
    }
  }

  /** All of it in Prometheus' text format. */
  async text (): Promise<string> {
    return `${await this.registry.metrics()}${await this.#process.text()}`
  }

  served ({ seconds, ...labels }: ServedRequest): void {
    this.#requests.inc(labels)
    this.#durations.observe(labels, seconds)
  }

  /** @param model its name */
  ended (model: string, outcome: Outcome): void {
    this.#generations.inc({ model, outcome })
  }

  /** @param model its name */
  generated (model: string, { outputs, usage, timings }: TextResult): void {
    for (const { stepsReason } of outputs) this.#outputs.inc({ model, steps_reason: stepsReason })
    this.#tokens.inc({ model }, usage.completionTokens)
    this.#networkCalls.inc({ model }, usage.networkCalls)
    this.#queueSeconds.observe({ model }, timings.queueMs / 1000)
    this.#computeSeconds.observe({ model }, timings.computeMs / 1000)
  }

  /** @param model its name */
  scored (model: string, { scoredTokens, networkCalls, timings }: ScoreResult): void {
    this.#scoredTokens.inc({ model }, scoredTokens)
    this.#networkCalls.inc({ model }, networkCalls)
    this.#queueSeconds.observe({ model }, timings.queueMs / 1000)
    this.#computeSeconds.observe({ model }, timings.computeMs / 1000)
  }
}
