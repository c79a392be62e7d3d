/** What a simulation shows. Pure. */
import { mean, quantiles, type Quantiles } from '../../src/load/statistics.js'
import type { Simulation } from './simulator.js'

export interface PolicySummary {
  /** Requests done in time, of all that arrived. */
  readonly goodputShare: number
  readonly goodputPerSecond: number
  /** Requests that the queue had no room for. */
  readonly refusedShare: number
  readonly expiredShare: number
  /** Steps of rows that were not done in time, of all. */
  readonly wastedShare: number
  readonly rowsPerBatch: number
  /** Of the requests done. */
  readonly latencyMs: Quantiles | null
  readonly meanSteps: number | null
  /** Time that the workers spent in steps. */
  readonly utilisation: number
}

export function summarise ({ outcomes, spanMs, busyMs, batches, batchRows, rowSteps }: Simulation, workers: number): PolicySummary {
  const seconds = spanMs / 1000
  const done = outcomes.filter(({ status }) => status === 'done')
  const share = (of: string): number => outcomes.filter(({ status }) => status === of).length / outcomes.length
  return {
    goodputShare: share('done'),
    goodputPerSecond: done.length / seconds,
    refusedShare: share('refused'),
    expiredShare: share('expired'),
    wastedShare: 1 - done.reduce((sum, { steps }) => sum + steps, 0) / rowSteps,
    rowsPerBatch: batchRows / batches,
    latencyMs: quantiles(done.map(({ latencyMs }) => latencyMs)),
    meanSteps: done.length === 0 ? null : mean(done.map(({ steps }) => steps)),
    utilisation: busyMs / (spanMs * workers)
  }
}
