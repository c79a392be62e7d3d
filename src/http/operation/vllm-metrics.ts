/**
 * Some of the figures under the names that vLLM gives them, for dashboards and schedulers that know those. The first token is the first
 * refinement, and a request runs once its steps have begun. What there is no notion of here, as a cache of keys and values, is left out.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { EngineStats } from '../../engine/engine.js'
import { FINISH_REASONS, type TextResult } from '../../generation/index.js'
import type { LoadedModels } from '../../loaded-models.js'

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const TOKENS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]
const OUTPUTS = [1, 2, 5, 10, 20, 50, 100]

interface Distribution {
  readonly name: string
  readonly help: string
  readonly buckets: number[]
  /** Of one generation. */
  readonly of: (result: TextResult) => number
}

const DISTRIBUTIONS: readonly Distribution[] = [
  { name: 'e2e_request_latency_seconds', help: 'From arrival to the end.', buckets: SECONDS, of: ({ timings }) => timings.totalMs / 1000 },
  {
    name: 'time_to_first_token_seconds',
    help: 'From arrival to the first refinement.',
    buckets: SECONDS,
    of: ({ timings }) => timings.firstStepMs / 1000
  },
  { name: 'request_queue_time_seconds', help: 'From arrival to the first step.', buckets: SECONDS, of: ({ timings }) => timings.queueMs / 1000 },
  {
    name: 'request_inference_time_seconds',
    help: 'From the first step to the end.',
    buckets: SECONDS,
    of: ({ timings }) => (timings.totalMs - timings.queueMs) / 1000
  },
  { name: 'request_prompt_tokens', help: 'Tokens given.', buckets: TOKENS, of: ({ usage }) => usage.promptTokens },
  { name: 'request_generation_tokens', help: 'Tokens made and kept.', buckets: TOKENS, of: ({ usage }) => usage.completionTokens },
  { name: 'request_params_n', help: 'Outputs asked for.', buckets: OUTPUTS, of: ({ outputs }) => outputs.length }
]

export class VllmMetrics {
  readonly #histograms: ReadonlyArray<{ readonly metric: Histogram, readonly of: Distribution['of'] }>
  readonly #promptTokens: Counter
  readonly #tokens: Counter
  readonly #successes: Counter

  constructor (registry: Registry, models: LoadedModels) {
    const common = { labelNames: ['model_name'], registers: [registry] }
    const gauge = (name: string, help: string, read: (stats: EngineStats) => number): void => {
      registry.registerMetric(new Gauge({
        ...common,
        registers: [],
        name: `vllm:${name}`,
        help,
        collect () {
          this.reset()
          for (const { name: model, engine } of models.all) this.set({ model_name: model }, read(engine.stats()))
        }
      }))
    }
    gauge('num_requests_running', 'Generations whose steps have begun.', ({ generations, waitingGenerations }) => generations - waitingGenerations)
    gauge('num_requests_waiting', 'Generations that wait for their first step.', ({ waitingGenerations }) => waitingGenerations)
    this.#histograms = DISTRIBUTIONS.map(({ name, help, buckets, of }) => {
      return { metric: new Histogram({ ...common, name: `vllm:${name}`, help, buckets }), of }
    })
    this.#promptTokens = new Counter({ ...common, name: 'vllm:prompt_tokens_total', help: 'Tokens given.' })
    this.#tokens = new Counter({ ...common, name: 'vllm:generation_tokens_total', help: 'Tokens made and kept.' })
    this.#successes = new Counter({
      name: 'vllm:request_success_total',
      help: 'Outputs finished, by why they end where they do.',
      labelNames: ['model_name', 'finished_reason'],
      registers: [registry]
    })
  }

  /** @param model its name, here and below */
  generated (model: string, result: TextResult): void {
    for (const { metric, of } of this.#histograms) metric.observe({ model_name: model }, of(result))
    this.#promptTokens.inc({ model_name: model }, result.usage.promptTokens)
    this.#tokens.inc({ model_name: model }, result.usage.completionTokens)
    for (const { finishReason } of result.outputs) this.#successes.inc({ model_name: model, finished_reason: finishReason })
  }

  begin (model: string): void {
    for (const { metric } of this.#histograms) metric.zero({ model_name: model })
    for (const counter of [this.#promptTokens, this.#tokens]) counter.inc({ model_name: model }, 0)
    for (const reason of FINISH_REASONS) this.#successes.inc({ model_name: model, finished_reason: reason }, 0)
  }

  forget (model: string): void {
    for (const { metric } of this.#histograms) metric.remove({ model_name: model })
    for (const counter of [this.#promptTokens, this.#tokens]) counter.remove({ model_name: model })
    for (const reason of FINISH_REASONS) this.#successes.remove({ model_name: model, finished_reason: reason })
  }
}
