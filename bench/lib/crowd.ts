/** The service under the load of clients that each ask again when they are answered, window by window. */
import { runLoad } from '../../src/load/run-load.js'
import type { LoadOptions } from '../../src/load/options.js'
import type { LoadSummary } from '../../src/load/summary.js'
import type { Counters, Service } from './service.js'

/** A whole canvas of the embedded model's usual size: no padding. */
export const LENGTH = 128
export const STEPS = 8

export interface Window extends Counters {
  /** Of the window, by the clock. */
  readonly seconds: number
  readonly load: LoadSummary
}

/** What every load of the benchmark has in common. */
export function loadOptions ({ url }: Pick<Service, 'url'>, changes: Pick<LoadOptions, 'loop' | 'durationS'> & Partial<LoadOptions>): LoadOptions {
  return {
    url: new URL('/v1/generate', url),
    warmupS: 0,
    maxTokens: [LENGTH],
    steps: [{ min: STEPS, max: STEPS }],
    prompts: [],
    stream: false,
    deadlineMs: undefined,
    timeoutS: 120,
    maxInFlight: 1000,
    seed: 1,
    ...changes
  }
}

/**
 * What the engine did while `concurrency` clients kept it busy for `seconds`.
 *
 * The counters are read while the clients are at it, a second after their start and again after the window, so that
 * neither the first requests nor the last ones, whose batches are not full, count.
 */
export async function crowd (service: Service, concurrency: number, seconds: number, seed: number): Promise<Window> {
  const load = runLoad(loadOptions(service, { loop: { kind: 'closed', concurrency }, durationS: seconds + 1, warmupS: 1, seed }))
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const before = await service.counters()
  const begin = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds))
  const after = await service.counters()
  const elapsed = (performance.now() - begin) / 1000
  return {
    seconds: elapsed,
    batches: after.batches - before.batches,
    rows: after.rows - before.rows,
    runSeconds: after.runSeconds - before.runSeconds,
    workerSeconds: after.workerSeconds - before.workerSeconds,
    processorSeconds: after.processorSeconds - before.processorSeconds,
    ownProcessorSeconds: after.ownProcessorSeconds - before.ownProcessorSeconds,
    load: await load
  }
}
