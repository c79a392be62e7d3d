/** How much more load the scheduler bears than static batching does, before requests miss their deadlines. */
import { COST_EXAMPLES, exampleCosts } from '../simulate/costs.js'
import { POLICIES, type PolicyEntry } from '../simulate/policies.js'
import { simulate } from '../simulate/simulator.js'
import { summarise } from '../simulate/summary.js'
import { atRate, capacity, generateArrivals, withFullBudgets, type Arrival } from '../simulate/workload.js'
import { median, spread } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const GOODPUT = 0.99
const SEEDS = [1, 2, 3, 4, 5]
const REQUESTS = 3000
const BISECTIONS = 7
/** Between these loads the answer is looked for. */
const LOADS = { low: 0.25, high: 8 }

const SERVICE = { workers: 1, maxBatch: 16, maxQueue: 256, maxWaitMs: Infinity, jitter: 0.05 }
const MIX = { process: 'poisson', count: REQUESTS, lengths: [128], steps: [{ min: 4, max: 16 }], deadlinesMs: [2000] } as const

/** The highest load, as a multiple of the capacity with full budgets, at which `GOODPUT` of the requests are done in time. */
function bearableLoad ({ elastic, decide }: PolicyEntry, arrivals: readonly Arrival[], seed: number): number {
  const costs = exampleCosts('cpu')
  if (costs === undefined) throw new Error('there is no example of costs')
  const full = capacity(arrivals, { ...SERVICE, costs })
  let { low, high } = LOADS
  for (let i = 0; i < BISECTIONS; i++) {
    // Loads are compared by their ratio.
    const load = Math.sqrt(low * high)
    const scaled = atRate(arrivals, load * full)
    const run = simulate(elastic ? scaled : withFullBudgets(scaled), decide, { ...SERVICE, costs, seed })
    if (summarise(run, SERVICE.workers).goodputShare >= GOODPUT) low = load
    else high = load
  }
  return low
}

async function measure (): Promise<Measurement> {
  const loads = SEEDS.map((seed) => {
    const arrivals = generateArrivals({ ...MIX, seed })
    return Object.fromEntries(POLICIES.map((policy) => [policy.name, bearableLoad(policy, arrivals, seed)]))
  })
  const ratios = loads.map((load) => (load['edf-elastic'] ?? NaN) / (load['fifo-request'] ?? NaN))
  return {
    value: median(ratios),
    spread: spread(ratios),
    unit: '×',
    detail: {
      goodput: GOODPUT,
      service: SERVICE,
      mix: MIX,
      costs: COST_EXAMPLES.cpu.about,
      bearableLoad: Object.fromEntries(POLICIES.map(({ name }) => [name, median(loads.map((load) => load[name] ?? NaN))]))
    }
  }
}

export const simulatedLoad: Figure = {
  name: 'simulated_load',
  about: 'load at which 99 % are done in time: elastic budgets of 4 to 16 steps over static batching with 16, simulated',
  goal: { atLeast: 3 },
  measure
}
