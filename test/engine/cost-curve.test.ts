import t from 'tap'
import { CostCurve } from '../../src/engine/cost-curve.js'
import { LANES, type Lane } from '../../src/engine/lane.js'
import { Draw } from '../support/draw.js'

const MEASURED = [
  { rows: 1, paddedLength: 64, ms: 10 },
  { rows: 8, paddedLength: 64, ms: 24 },
  { rows: 4, paddedLength: 64, ms: 16 }
]

function observe (costs: CostCurve, rows: number, ms: readonly number[], lane: Lane = 'step'): void {
  for (const each of ms) costs.observe({ rows, paddedLength: 64, lane, ms: each })
}

t.test('between two measurements the cost is linear', async (t) => {
  const costs = new CostCurve(MEASURED)
  const cases = [[1, 10], [2, 12], [4, 16], [6, 20], [8, 24]] as const
  for (const [rows, ms] of cases) t.equal(costs.estimate(rows, 64), ms, `${rows} rows`)
})

t.test('outside them a step has a fixed cost, as of four rows, and one for each row', async (t) => {
  const costs = new CostCurve(MEASURED.slice(1))
  t.equal(costs.estimate(16, 64), 40)
  t.equal(costs.estimate(1, 64), 10)
})

t.test('at a length never measured as many tokens cost the same as at the nearest one', async (t) => {
  const costs = new CostCurve([...MEASURED, { rows: 2, paddedLength: 1024, ms: 600 }])
  t.equal(costs.estimate(4, 128), costs.estimate(8, 64))
  t.equal(costs.estimate(1, 512), 450, 'half a row of 1024')
})

t.test('nothing measured, nothing known: a step costs 0 and every batch is good', async (t) => {
  t.equal(new CostCurve().estimate(4, 64), 0)
  t.equal(new CostCurve().efficientRows(64, 16), 16)
})

t.test('what is no time says nothing', async (t) => {
  const costs = new CostCurve()
  observe(costs, 1, [0, -1, NaN, Infinity])
  t.equal(costs.estimate(1, 64), 0)
})

t.test('an outlier changes nothing, what holds does, and what was is forgotten', async (t) => {
  const costs = new CostCurve()
  observe(costs, 1, [5, 5, 5, 2000])
  t.equal(costs.estimate(1, 64), 5)
  observe(costs, 1, Array<number>(9).fill(20))
  t.equal(costs.estimate(1, 64), 20)
  observe(costs, 1, [7, 7, 7])
  t.equal(costs.estimate(1, 64), 7)
  observe(costs, 1, [2000, 2000, 2000, 2000, 2000, 2000])
  t.equal(costs.estimate(1, 64), 7)
})

t.test('the first step of a size, with allocations in it, does not count until others are as slow', async (t) => {
  const costs = new CostCurve(MEASURED)
  observe(costs, 16, [2000])
  t.equal(costs.estimate(16, 64), 40)
  observe(costs, 16, [50, 50])
  t.equal(costs.estimate(16, 64), 50)
  const fresh = new CostCurve()
  observe(fresh, 1, [2000, 5])
  t.equal(fresh.estimate(1, 64), 5, 'the very first is all that there is; the second corrects it')
})

t.test('no step costs more than one with more rows: where two contradict that, the one seen later is right', async (t) => {
  const costs = new CostCurve()
  observe(costs, 1, [2000])
  observe(costs, 16, [40])
  t.equal(costs.estimate(1, 64), 40)
  observe(costs, 2, [70, 70, 70])
  t.equal(costs.estimate(16, 64), 70)
  observe(costs, 16, [40])
  t.equal(costs.estimate(2, 64), 40)
})

t.test('what is known from before is believed until it is measured again', async (t) => {
  const costs = new CostCurve(MEASURED)
  observe(costs, 8, [20])
  t.equal(costs.estimate(8, 64), 20, 'one that is faster will do')
  observe(costs, 1, [15, 15])
  t.equal(costs.estimate(1, 64), 10)
  observe(costs, 1, [14])
  t.equal(costs.estimate(1, 64), 14, 'of those that are slower it takes three')
})

t.test('steps that filter are measured apart, and until then cost as much as the others', async (t) => {
  const costs = new CostCurve(MEASURED)
  t.equal(costs.estimate(4, 64, 'filter'), 16)
  observe(costs, 4, [50, 50, 50], 'filter')
  t.equal(costs.estimate(4, 64, 'filter'), 50)
  t.equal(costs.estimate(4, 64), 16)
  const filtering = new CostCurve()
  observe(filtering, 4, [50], 'filter')
  t.equal(filtering.estimate(4, 64), 50, 'and the other way round')
})

t.test('the efficient batch is the smallest whose throughput is nearly the best', async (t) => {
  const flat = new CostCurve([1, 2, 4, 8, 16].map((rows) => ({ rows, paddedLength: 64, ms: 10 })))
  t.equal(flat.efficientRows(64, 16), 16, 'where rows cost nothing more, all of them')
  const linear = new CostCurve([1, 2, 4, 8, 16].map((rows) => ({ rows, paddedLength: 64, ms: 10 * rows })))
  t.equal(linear.efficientRows(64, 16), 1, 'where each costs as much as the first, one')
  const knee = new CostCurve([1, 2, 4, 8, 16].map((rows) => ({ rows, paddedLength: 64, ms: 10 + Math.max(0, rows - 4) * 2.5 })))
  t.equal(knee.efficientRows(64, 16), 4, 'up to the knee')
})

t.test('after one size alone, however often, larger ones are tried', async (t) => {
  for (const lane of LANES) {
    const costs = new CostCurve()
    observe(costs, 1, Array<number>(100).fill(10), lane)
    t.ok(costs.efficientRows(64, 16, lane) > 8)
  }
})

t.test('a curve made of its own points is the same curve', async (t) => {
  const costs = new CostCurve(MEASURED)
  observe(costs, 2, [30, 30, 30], 'filter')
  const again = new CostCurve(costs.points)
  for (let rows = 1; rows < 20; rows++) {
    for (const lane of LANES) t.equal(again.estimate(rows, 64, lane), costs.estimate(rows, 64, lane))
  }
})

/** What a step of so many rows really takes, in ms. */
type Truth = (rows: number) => number

const TRUTHS: Readonly<Record<string, Truth>> = {
  'a fixed cost and one a row': (rows) => 8 + 2 * rows,
  'the fixed cost alone': () => 5,
  'a cost a row alone': (rows) => 10 * rows,
  'flat up to a knee, then in proportion': (rows) => Math.max(20, 2 * rows),
  'a cache that is too small beyond eight rows': (rows) => 4 + rows + 6 * Math.max(0, rows - 8)
}

/** What may have been observed before: anything. */
const HISTORIES: Readonly<Record<string, (costs: CostCurve, maxRows: number, draw: Draw) => void>> = {
  'no history': () => {},
  'one lone step': (costs) => { observe(costs, 1, [10]) },
  'one lone outlier': (costs) => { observe(costs, 1, [20_000]) },
  'a hundred lone steps': (costs) => { observe(costs, 1, Array<number>(100).fill(10)) },
  'all larger sizes slandered': (costs, maxRows) => {
    for (let rows = 2; rows <= maxRows; rows++) observe(costs, rows, Array<number>(9).fill(1e6))
  },
  'all sizes flattered': (costs, maxRows) => {
    for (let rows = 1; rows <= maxRows; rows++) observe(costs, rows, Array<number>(9).fill(0.01))
  },
  'the best made the worst': (costs, maxRows) => {
    for (let rows = 1; rows <= maxRows; rows++) observe(costs, rows, Array<number>(9).fill(rows * rows))
  },
  noise: (costs, maxRows, draw) => {
    for (let i = 0; i < 500; i++) observe(costs, draw.integer(1, maxRows), [10 ** draw.integer(-2, 6)])
  }
}

/** Steps of a crowd until the curve must have come right. */
const STEPS = 1500

for (const [truthName, truth] of Object.entries(TRUTHS)) {
  t.test(`where the truth is ${truthName}, the batch comes within 10 % of the best throughput, whatever was observed before`, async (t) => {
    for (const [historyName, remember] of Object.entries(HISTORIES)) {
      for (const maxRows of [4, 16, 64]) {
        const draw = new Draw(maxRows)
        const costs = new CostCurve()
        remember(costs, maxRows, draw)
        // Every step is up to 8 % off, and one in ten takes ten to a hundred times as long.
        for (let step = 0; step < STEPS; step++) {
          const rows = costs.rowsToRun(64, maxRows)
          const noise = 1 + draw.integer(-80, 80) / 1000
          const ms = truth(rows) * noise * (draw.integer(1, 10) === 1 ? draw.integer(10, 100) : 1)
          costs.observe({ rows, paddedLength: 64, ms })
        }
        const throughput = (rows: number): number => rows / truth(rows)
        const best = Math.max(...Array.from({ length: maxRows }, (_, i) => throughput(i + 1)))
        const chosen = costs.efficientRows(64, maxRows)
        t.ok(throughput(chosen) >= 0.9 * best, `${historyName}, up to ${maxRows}: ${chosen} rows do ${throughput(chosen)} of ${best}`)
      }
    }
  })
}
