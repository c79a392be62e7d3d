/** Every policy at every load. */
import type { SimulateOptions } from './options.js'
import { simulate } from './simulator.js'
import { summarise, type PolicySummary } from './summary.js'
import { atRate, capacity, withFullBudgets } from './workload.js'

export interface SweepPoint extends PolicySummary {
  readonly load: number
  readonly requestsPerSecond: number
  readonly policy: string
}

export interface Sweep {
  readonly workers: number
  readonly maxBatch: number
  readonly maxQueue: number
  readonly requests: number
  readonly seed: number
  /** Requests per second at load 1. */
  readonly capacity: number
  readonly points: readonly SweepPoint[]
}

/** @param onPoint called after each simulation */
export function sweep (options: SimulateOptions, onPoint: (point: SweepPoint) => void = () => {}): Sweep {
  const { arrivals, loads, policies, workers, maxBatch, maxQueue, seed } = options
  const full = capacity(arrivals, options)
  const points = loads.flatMap((load) => {
    const elastic = atRate(arrivals, load * full)
    const rigid = withFullBudgets(elastic)
    return policies.map((policy) => {
      const simulation = simulate(policy.elastic ? elastic : rigid, policy.decide, options)
      const point = { load, requestsPerSecond: load * full, policy: policy.name, ...summarise(simulation, workers) }
      onPoint(point)
      return point
    })
  })
  return { workers, maxBatch, maxQueue, requests: arrivals.length, seed, capacity: full, points }
}
