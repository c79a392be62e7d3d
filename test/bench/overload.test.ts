/** The service under more load than it can bear, and after it has learned the wrong thing: simulated, by a clock of its own. */
import t from 'tap'
import { exampleCosts } from '../../bench/simulate/costs.js'
import { POLICIES, type PolicyEntry } from '../../bench/simulate/policies.js'
import { simulate, type Service } from '../../bench/simulate/simulator.js'
import { atRate, capacity, generateArrivals, withFullBudgets, type Arrival, type MixOptions } from '../../bench/simulate/workload.js'
import { CostCurve } from '../../src/engine/cost-curve.js'

const LIMIT_MS = 10_000
const cpu = exampleCosts('cpu') ?? new CostCurve()
const gpu = exampleCosts('gpu') ?? new CostCurve()
const SERVICE: Service = { workers: 1, maxBatch: 16, maxQueue: 100_000, maxWaitMs: LIMIT_MS, costs: cpu, jitter: 0.2, seed: 1 }
const MIX: MixOptions = { process: 'poisson', count: 4000, seed: 1, lengths: [128], steps: [{ min: 8, max: 8 }], deadlinesMs: [Infinity] }

function policy (name: string): PolicyEntry {
  return POLICIES.find((each) => each.name === name) as PolicyEntry // there is one
}

/** Requests a second that are done within the limit, or by their deadlines; the service has to learn what steps cost. */
function goodput (arrivals: readonly Arrival[], load: number, service: Service, { decide, elastic }: PolicyEntry): number {
  const scaled = atRate(arrivals, load * capacity(arrivals, service))
  const { outcomes } = simulate(elastic ? scaled : withFullBudgets(scaled), decide, { ...service, belief: new CostCurve() })
  const endMs = Math.max(...outcomes.map(({ latencyMs }, i) => (scaled[i]?.atMs ?? 0) + latencyMs))
  return outcomes.filter(({ status, latencyMs }) => status === 'done' && latencyMs <= LIMIT_MS).length / endMs * 1000
}

const CASES: ReadonlyArray<readonly [name: string, mix: Partial<MixOptions>, service: Partial<Service>, policy?: string]> = [
  ['on one worker', {}, {}],
  ['on four workers', { steps: [{ min: 32, max: 32 }] }, { workers: 4 }],
  ['on a GPU', { lengths: [1024], steps: [{ min: 32, max: 32 }] }, { costs: gpu }],
  ['of requests that take seconds', { count: 1000, lengths: [256], steps: [{ min: 32, max: 32 }] }, {}],
  ['of all lengths', { lengths: [32, 64, 128, 256] }, {}],
  ['with elastic budgets', { steps: [{ min: 4, max: 16 }] }, {}, 'edf-elastic'],
  ['with deadlines', { deadlinesMs: [1000, 3000, Infinity] }, {}]
]

for (const [name, mix, changes, by = 'edf'] of CASES) {
  t.test(`at three times the load that it can bear, ${name}, it does at least 90 % of its best in time`, async (t) => {
    const service = { ...SERVICE, ...changes }
    const arrivals = generateArrivals({ ...MIX, ...mix })
    const peak = Math.max(...[0.8, 0.9, 1, 1.2].map((load) => goodput(arrivals, load, service, policy(by))))
    const overloaded = goodput(arrivals, 3, service, policy(by))
    t.ok(overloaded >= 0.9 * peak, `${overloaded} of ${peak} requests a second`)
  })
}

t.test('without the bound hardly anything is done in time', async (t) => {
  const arrivals = generateArrivals(MIX)
  const bounded = goodput(arrivals, 3, SERVICE, policy('edf'))
  t.ok(goodput(arrivals, 3, { ...SERVICE, maxWaitMs: Infinity }, policy('edf')) < bounded / 2)
})

t.test('after a lone request of each kind crowds of that kind run in batches', async (t) => {
  for (const lane of ['step', 'filter'] as const) {
    for (const paddedLength of [32, 128]) {
      const request = (atMs: number): Arrival => ({ atMs, paddedLength, lane, steps: { min: 8, max: 8 }, deadlineMs: Infinity })
      const crowd = Array.from({ length: 96 }, () => request(10_000))
      const service = { ...SERVICE, costs: gpu, maxWaitMs: Infinity, belief: new CostCurve() }
      const { batches, batchRows } = simulate([request(0), ...crowd], policy('edf').decide, service)
      t.ok(batchRows / batches > 8, `${batchRows / batches} rows a step`)
    }
  }
})
