/** What engines tell of themselves: read when it is asked for, by model. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { EngineStats } from '../../engine/engine.js'
import type { LoadedModel, LoadedModels } from '../../loaded-models.js'
import type { Lifecycle } from '../connection/lifecycle.js'

type Read = (stats: EngineStats) => number

/** What only grows, for as long as the service has a model of a name: one that replaces another goes on counting where that one ended. */
interface Total {
  readonly read: Read
  /** Of those that have ended, by name. */
  readonly ended: Map<string, number>
}

export function addEngineMetrics (registry: Registry, models: LoadedModels, lifecycle: Lifecycle): void {
  const labelNames = ['model']
  const totals: Total[] = []

  gauge('fewstep_queued_rows', 'Canvases that wait for their next step.', everywhere((stats) => stats.queuedRows))
  gauge('fewstep_running_rows', 'Canvases in a step.', everywhere((stats) => stats.runningRows))
  gauge('fewstep_queue_limit', 'Canvases admitted at once.', current((stats) => stats.maxQueue))
  gauge('fewstep_workers_ready', 'Session workers that can take a step.', current((stats) => stats.workers.ready))
  gauge('fewstep_workers', 'Session workers that there should be.', current((stats) => stats.workers.total))
  gauge('fewstep_ready', '1 while others should send requests to the model.', () => {
    const ready = current((stats) => Number(lifecycle.phase === 'serving' && stats.state === 'ready' && stats.workers.ready > 0))()
    return new Map([...models.failed.map(({ name }) => [name, 0] as const), ...ready])
  })
  gauge('fewstep_draining_models', 'Models of this name that were unloaded or replaced and finish their requests.', () =>
    new Map([...current(() => 0)(), ...sums(models.draining, () => 1)]))
  total('fewstep_step_batches_total', 'Steps run, of a whole batch each.', ({ steps }) => steps.batches)
  total('fewstep_step_rows_total', 'Canvases in them: over the batches, the mean batch.', ({ steps }) => steps.rows)
  total('fewstep_step_positions_total', 'Positions in them, padding included.', ({ steps }) => steps.positions)
  total('fewstep_step_run_seconds_total', 'Time in ONNX Runtime, over all workers.', ({ steps }) => steps.runMs / 1000)
  total('fewstep_step_worker_seconds_total', 'Time that workers were at a batch, from the message to the result, over all workers.',
    ({ steps }) => steps.workerMs / 1000)
  total('fewstep_step_failures_total', 'Steps that failed and were run again.', ({ steps }) => steps.failures)
  total('fewstep_workers_replaced_total', 'Session workers that died and were replaced.', ({ workers }) => workers.replaced)
  total('fewstep_impossible_results_total', 'Results of session workers that cannot be: the worker was replaced, the step run again.',
    ({ workers }) => workers.impossibleResults)

  models.events.on('ended', ({ name, engine }) => {
    for (const { read, ended } of totals) {
      if (models.knows(name)) ended.set(name, (ended.get(name) ?? 0) + read(engine.stats()))
      else ended.delete(name)
    }
  })

  /** Of those that requests are sent to. */
  function current (read: Read): () => Map<string, number> {
    return () => sums(models.all, read)
  }

  /** Of those that end, too. */
  function everywhere (read: Read): () => Map<string, number> {
    return () => sums([...models.all, ...models.draining], read)
  }

  function gauge (name: string, help: string, values: () => ReadonlyMap<string, number>): void {
    registry.registerMetric(new Gauge({
      name,
      help,
      labelNames,
      registers: [],
      collect () {
        this.reset()
        for (const [model, value] of values()) this.set({ model }, value)
      }
    }))
  }

  function total (name: string, help: string, read: Read): void {
    const ended = new Map<string, number>()
    totals.push({ read, ended })
    const values = everywhere(read)
    registry.registerMetric(new Counter({
      name,
      help,
      labelNames,
      registers: [],
      collect () {
        this.reset()
        for (const [model, value] of values()) this.inc({ model }, value + (ended.get(model) ?? 0))
      }
    }))
  }
}

/** By name. */
function sums (models: readonly LoadedModel[], read: Read): Map<string, number> {
  const values = new Map<string, number>()
  for (const { name, engine } of models) values.set(name, (values.get(name) ?? 0) + read(engine.stats()))
  return values
}
