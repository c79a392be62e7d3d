import t from 'tap'
import { PATIENCE_MS } from '../../src/engine/batcher.js'
import { CostCurve } from '../../src/engine/cost-curve.js'
import { POLICIES } from '../../bench/simulate/policies.js'
import { simulate, type Policy, type Service, type Simulation } from '../../bench/simulate/simulator.js'
import { summarise } from '../../bench/simulate/summary.js'
import { sweep } from '../../bench/simulate/sweep.js'
import { exampleCosts } from '../../bench/simulate/costs.js'
import { atRate, capacity, generateArrivals, parseRecording, rateOf, type Arrival } from '../../bench/simulate/workload.js'

/** A step takes 10 ms, whatever is in it. */
const FLAT = new CostCurve([{ rows: 1, paddedLength: 32, ms: 10 }, { rows: 64, paddedLength: 32, ms: 10 }])
/** A step takes 10 ms a row. */
const LINEAR = new CostCurve([{ rows: 1, paddedLength: 32, ms: 10 }, { rows: 64, paddedLength: 32, ms: 640 }])

const SERVICE: Service = { workers: 1, maxBatch: 8, maxQueue: 100, maxWaitMs: Infinity, costs: FLAT, jitter: 0, seed: 1 }

function arrival (atMs: number, steps: number, deadlineMs = Infinity, paddedLength = 32): Arrival {
  return { atMs, paddedLength, steps: { min: steps, max: steps }, deadlineMs }
}

function policy (name: string): Policy {
  const entry = POLICIES.find((each) => each.name === name)
  if (entry === undefined) throw new Error(name)
  return entry.decide
}

function latencies ({ outcomes }: Simulation): number[] {
  return outcomes.map(({ latencyMs }) => latencyMs)
}

t.test('one request takes its steps, one after another', async (t) => {
  for (const { name, decide } of POLICIES) {
    const run = simulate([arrival(5, 4)], decide, SERVICE)
    t.same(run.outcomes, [{ status: 'done', latencyMs: 40, steps: 4 }], name)
    t.match(run, { batches: name === 'fifo-request' ? 1 : 4, rowSteps: 4 }, name)
  }
})

t.test('in a static batch all wait for the last, and newcomers for all', async (t) => {
  const run = simulate([arrival(0, 2), arrival(0, 4), arrival(1, 1)], policy('fifo-request'), SERVICE)
  t.same(latencies(run), [40, 40, 49])
})

t.test('in batches of steps a newcomer joins at the next one and leaves when it is done', async (t) => {
  const run = simulate([arrival(0, 2), arrival(0, 4), arrival(1, 1)], policy('step-fifo'), SERVICE)
  t.same(latencies(run), [20, 40, 19])
})

t.test('what is due first runs first', async (t) => {
  const arrivals = [arrival(0, 1, 1000), arrival(0, 1, 1000), arrival(1, 1, 500), arrival(1, 1, 25)]
  t.same(latencies(simulate(arrivals, policy('step-fifo'), { ...SERVICE, maxBatch: 1 })), [10, 20, 29, 25], 'the last one expires')
  t.same(latencies(simulate(arrivals, policy('edf'), { ...SERVICE, maxBatch: 1 })), [10, 40, 29, 19])
})

t.test('a step that ends at the deadline is in time; one that ends later is not', async (t) => {
  const run = simulate([arrival(0, 1, 10), arrival(100, 1, 9)], policy('step-fifo'), SERVICE)
  t.same(run.outcomes, [{ status: 'done', latencyMs: 10, steps: 1 }, { status: 'expired', latencyMs: 9, steps: 0 }])
})

t.test('an elastic request takes its most steps when idle and its fewest in a hurry', async (t) => {
  const elastic = { ...arrival(0, 8), steps: { min: 2, max: 8 } }
  t.same(simulate([elastic], policy('edf-elastic'), SERVICE).outcomes, [{ status: 'done', latencyMs: 80, steps: 8 }])
  t.same(simulate([{ ...elastic, deadlineMs: 25 }], policy('edf-elastic'), SERVICE).outcomes, [{ status: 'done', latencyMs: 20, steps: 2 }])
})

t.test('the blocks of a text run one after another, each with all its steps', async (t) => {
  for (const { name, decide } of POLICIES) {
    const run = simulate([{ ...arrival(5, 4), blocks: 3 }], decide, SERVICE)
    t.same(run.outcomes, [{ status: 'done', latencyMs: 120, steps: 12 }], name)
  }
  const run = simulate([{ ...arrival(0, 2), blocks: 3 }, arrival(5, 2)], policy('edf'), { ...SERVICE, maxBatch: 1 })
  t.same(latencies(run), [80, 35], 'a request that comes during the first one goes before the second')
})

t.test('workers run side by side, lengths by themselves', async (t) => {
  const arrivals = [arrival(0, 1), arrival(0, 1, Infinity, 64), arrival(0, 1)]
  t.same(latencies(simulate(arrivals, policy('edf'), SERVICE)), [10, 20, 10])
  t.same(latencies(simulate(arrivals, policy('edf'), { ...SERVICE, workers: 2 })), [10, 10, 10])
})

t.test('a full queue refuses', async (t) => {
  const run = simulate([arrival(0, 1), arrival(0, 1), arrival(0, 1), arrival(10, 1)], policy('edf'), { ...SERVICE, maxQueue: 2 })
  t.same(run.outcomes.map(({ status }) => status), ['done', 'done', 'refused', 'done'])
})

t.test('a summary is the arithmetic of the outcomes', async (t) => {
  // Two at a time, 20 ms each pair: the third expires in its second step.
  const arrivals = [arrival(0, 2), arrival(0, 2), arrival(10, 2, 65), arrival(100, 2)]
  const run = simulate(arrivals, policy('fifo-request'), { ...SERVICE, maxBatch: 2, costs: LINEAR })
  t.same(run.outcomes.map(({ status }) => status), ['done', 'done', 'done', 'done'])
  t.same(latencies(run), [40, 40, 50, 20])
  t.same(summarise(run, 1), {
    goodputShare: 1,
    goodputPerSecond: 40,
    refusedShare: 0,
    expiredShare: 0,
    wastedShare: 0,
    rowsPerBatch: 4 / 3,
    latencyMs: { p50: 40, p90: 47, p95: 48.5, p99: 49.7, max: 50 },
    meanSteps: 2,
    utilisation: 0.6
  })
})

t.test('steps of what expired are wasted', async (t) => {
  const run = simulate([arrival(0, 3), arrival(0, 3, 15)], policy('step-fifo'), SERVICE)
  t.match(summarise(run, 1), { goodputShare: 0.5, expiredShare: 0.5, wastedShare: 2 / 5 })
})

t.test('capacity is what full batches of the best throughput would serve', async (t) => {
  const arrivals = [arrival(0, 4), arrival(1, 2)]
  t.equal(capacity(arrivals, SERVICE), 1000 / (3 * 10 / 8))
  t.equal(capacity(arrivals, { ...SERVICE, workers: 3, costs: LINEAR }), 3 * 1000 / (3 * 10))
  t.equal(rateOf(atRate([arrival(5, 1), arrival(7, 1), arrival(9, 1)], 50)), 50)
})

t.test('a recording is read in the order of its times, and a bad line is named', async (t) => {
  t.same(parseRecording('{"at_ms": 9, "length": 33, "steps": 8}\n\n{"at_ms": 0, "length": 10, "steps": {"min": 4, "max": 32}, "deadline_ms": 50}\n'), [
    { atMs: 0, paddedLength: 32, steps: { min: 4, max: 32 }, deadlineMs: 50 },
    { atMs: 9, paddedLength: 64, steps: { min: 8, max: 8 }, deadlineMs: Infinity }
  ])
  t.throws(() => parseRecording('{"at_ms": 0, "length": 10, "steps": 8}\n{"at_ms": 1, "length": -1, "steps": 8}'),
    new Error('line 2 of the recording: length must be a number above 0, not -1'))
})

const OVERLOAD = {
  arrivals: generateArrivals({ process: 'poisson', count: 800, seed: 3, lengths: [64, 128], steps: [{ min: 4, max: 16 }], deadlinesMs: [1000, 3000] }),
  costs: exampleCosts('cpu') ?? FLAT,
  workers: 2,
  maxBatch: 16,
  maxQueue: 256,
  maxWaitMs: Infinity,
  jitter: 0.1,
  seed: 3,
  policies: POLICIES,
  loads: [0.5, 1.5],
  out: undefined
}

t.test('under overload with deadlines the service does more in time than static batching does', async (t) => {
  const { points } = sweep(OVERLOAD)
  const goodput = (load: number, name: string): number =>
    points.find((point) => point.load === load && point.policy === name)?.goodputShare ?? NaN
  for (const { name } of POLICIES) t.ok(goodput(0.5, name) > 0.98, `${name} serves half the load`)
  t.ok(goodput(1.5, 'edf') > goodput(1.5, 'fifo-request'), `${goodput(1.5, 'edf')} of the requests instead of ${goodput(1.5, 'fifo-request')}`)
  t.ok(goodput(1.5, 'edf-elastic') > 0.98, `and ${goodput(1.5, 'edf-elastic')} with elastic budgets`)
})

t.test('a seed decides the results', async (t) => {
  const options = { ...OVERLOAD, loads: [1.5], policies: POLICIES.filter(({ name }) => name === 'edf-elastic') }
  t.same(sweep(options), sweep(options))
  t.notSame(sweep(options), sweep({ ...options, seed: 4 }))
})

/** Requests of one kind at so many a second for so long. */
function stream (seed: number, perSecond: number, forMs: number, kind: Pick<Arrival, 'paddedLength' | 'blocks'>): Arrival[] {
  const count = Math.round(perSecond * forMs / 1000)
  const arrivals = generateArrivals({ process: 'poisson', count, seed, lengths: [kind.paddedLength], steps: [{ min: 8, max: 8 }], deadlinesMs: [Infinity] })
  return atRate(arrivals, perSecond).map((each) => ({ ...each, ...kind }))
}

/** Latencies of the first ones, beside the others. */
function beside (first: readonly Arrival[], others: readonly Arrival[], service: Service): { first: number[], others: number[] } {
  const mine = new Set(first)
  const all = [...first, ...others].sort((a, b) => a.atMs - b.atMs)
  const { outcomes } = simulate(all, policy('edf'), service)
  const of = (which: boolean): number[] =>
    outcomes.filter((_, i) => mine.has(all[i] as Arrival) === which).map(({ latencyMs }) => latencyMs)
  return { first: of(true), others: of(false) }
}

function p99 (values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(0.99 * values.length)] ?? NaN
}

t.test('short requests beside texts of 8,192 tokens wait no longer than beside short ones of the same total work', async (t) => {
  const BLOCKS = 128
  for (const name of ['cpu', 'gpu']) {
    const service = { ...SERVICE, maxBatch: 16, maxQueue: 1e6, costs: exampleCosts(name) ?? FLAT, jitter: 0.05 }
    const block = { paddedLength: 256 }
    const full = (kind: Pick<Arrival, 'paddedLength' | 'blocks'>): number => capacity(stream(1, 1, 2000, kind), service)
    for (const load of [0.7, 0.95]) {
      const perSecond = load / 2 * full({ paddedLength: 128 })
      const forMs = 2000 / perSecond * 1000
      const short = stream(1, perSecond, forMs, { paddedLength: 128 })
      const long = beside(short, stream(2, load / 2 * full(block) / BLOCKS, forMs, { ...block, blocks: BLOCKS }), service)
      const apart = beside(short, stream(2, load / 2 * full(block), forMs, block), service)
      const [mixed, plain] = [p99(long.first), p99(apart.first)]
      t.ok(mixed <= 1.5 * plain, `${name} at load ${load}: ${mixed} ms beside long texts, ${plain} ms beside short ones`)
      const alone = BLOCKS * 8 * service.costs.estimate(1, block.paddedLength)
      t.ok(long.others.every((ms) => ms < 25 * alone), 'and the long ones get on')
    }
  }
})

t.test('a long text among more short requests than can be served is done no later than its blocks are due', async (t) => {
  const service = { ...SERVICE, maxBatch: 16, maxQueue: 1e6, costs: exampleCosts('cpu') ?? FLAT, maxWaitMs: 10_000 }
  const perSecond = 1.3 * capacity(stream(1, 1, 2000, { paddedLength: 128 }), service)
  const short = stream(1, perSecond, 120_000, { paddedLength: 128 })
  const text = { ...arrival(20_000, 8), paddedLength: 256, blocks: 8 }
  const { first: [latency = NaN] } = beside([text], short, service)
  t.ok(latency > 8000 && latency < 8 * PATIENCE_MS + 10_000, `${latency} ms`)
})
