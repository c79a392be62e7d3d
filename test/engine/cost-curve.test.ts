import t from 'tap'
import { CostCurve } from '../../src/engine/cost-curve.js'

const MEASURED = [
  { rows: 1, paddedLength: 64, ms: 10 },
  { rows: 8, paddedLength: 64, ms: 24 },
  { rows: 4, paddedLength: 64, ms: 16 }
]

t.test('between two measurements the cost is linear, beyond the largest in proportion', async (t) => {
  const costs = new CostCurve(MEASURED)
  const cases = [[1, 10], [2, 12], [4, 16], [6, 20], [8, 24], [16, 48]] as const
  for (const [rows, ms] of cases) t.equal(costs.estimate(rows, 64), ms, `${rows} rows`)
})

t.test('a batch below the smallest one measured costs as much as that one', async (t) => {
  t.equal(new CostCurve([{ rows: 4, paddedLength: 64, ms: 16 }]).estimate(1, 64), 16)
})

t.test('at a length never measured as many tokens cost the same as at the nearest one', async (t) => {
  const costs = new CostCurve([...MEASURED, { rows: 1, paddedLength: 1024, ms: 500 }])
  t.equal(costs.estimate(4, 128), costs.estimate(8, 64))
  t.equal(costs.estimate(1, 512), 250 * 2, 'one row of 512 is half a row of 1024, which is below the smallest measured')
})

t.test('nothing measured, nothing known: a step costs 0 and every batch is good', async (t) => {
  t.equal(new CostCurve().estimate(4, 64), 0)
  t.equal(new CostCurve().efficientRows(64, 16), 16)
})

t.test('a new measurement moves the old one a little', async (t) => {
  const costs = new CostCurve(MEASURED)
  costs.observe({ rows: 1, paddedLength: 64, ms: 20 })
  t.equal(costs.estimate(1, 64), 11)
})

t.test('steps that filter are measured apart, and until then cost as much as the others', async (t) => {
  const costs = new CostCurve(MEASURED)
  t.equal(costs.estimate(4, 64, true), 16)
  costs.observe({ rows: 4, paddedLength: 64, filters: true, ms: 50 })
  t.equal(costs.estimate(4, 64, true), 50)
  t.equal(costs.estimate(4, 64), 16)
})

t.test('the efficient batch is the smallest whose throughput is nearly the best', async (t) => {
  const flat = new CostCurve([1, 2, 4, 8, 16].map((rows) => ({ rows, paddedLength: 64, ms: 10 })))
  t.equal(flat.efficientRows(64, 16), 16, 'where rows cost nothing more, all of them')
  const linear = new CostCurve([1, 2, 4, 8, 16].map((rows) => ({ rows, paddedLength: 64, ms: 10 * rows })))
  t.equal(linear.efficientRows(64, 16), 1, 'where each costs as much as the first, one')
  const knee = new CostCurve([1, 2, 4, 8, 16].map((rows) => ({ rows, paddedLength: 64, ms: 10 + Math.max(0, rows - 4) * 2.5 })))
  t.equal(knee.efficientRows(64, 16), 4, 'up to the knee')
})

t.test('a curve made of its own points is the same curve', async (t) => {
  const costs = new CostCurve(MEASURED)
  const again = new CostCurve(costs.points)
  for (let rows = 1; rows < 20; rows++) t.equal(again.estimate(rows, 64), costs.estimate(rows, 64))
})
