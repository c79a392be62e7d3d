import t from 'tap'
import { candidatePlans, choosePlan, choosePrecision, type MeasuredPlan } from '../../src/engine/pool-plan.js'

const OPEN = { workers: 0, threads: 0 }

t.test('no candidate has more threads than there are cores', async (t) => {
  for (let cores = 1; cores <= 96; cores++) {
    const plans = candidatePlans(cores, OPEN)
    t.same(plans[0], { workers: 1, threads: cores })
    t.same(plans.at(-1), { workers: cores, threads: 1 })
    t.ok(plans.every(({ workers, threads }) => workers * threads <= cores && workers >= 1 && threads >= 1), `${cores} cores`)
  }
})

t.test('what is given is kept, and the cores that it leaves are shared out', async (t) => {
  t.same(candidatePlans(8, { workers: 3, threads: 0 }), [{ workers: 3, threads: 2 }])
  t.same(candidatePlans(8, { workers: 0, threads: 2 }), [{ workers: 4, threads: 2 }])
  t.same(candidatePlans(2, { workers: 4, threads: 0 }), [{ workers: 4, threads: 1 }])
  t.same(candidatePlans(2, { workers: 0, threads: 4 }), [{ workers: 1, threads: 4 }])
  t.same(candidatePlans(2, { workers: 5, threads: 3 }), [{ workers: 5, threads: 3 }])
})

t.test('of plans with nearly the same throughput the one that serves a lone request soonest is taken', async (t) => {
  const one = { plan: { workers: 1, threads: 2 }, rowsPerSecond: 95, loneMs: 10 }
  const two = { plan: { workers: 2, threads: 1 }, rowsPerSecond: 100, loneMs: 18 }
  t.same(choosePlan([one, two]), one.plan)
  t.same(choosePlan([{ ...one, rowsPerSecond: 80 }, two]), two.plan, 'much more throughput is worth the wait')
  t.equal(choosePlan([]), undefined)
})

t.test('8 bits are taken where they are clearly faster, for a crowd and a lone request together', async (t) => {
  const measured = (rowsPerSecond: number, loneMs: number): MeasuredPlan => ({ plan: { workers: 1, threads: 2 }, rowsPerSecond, loneMs })
  const float32 = measured(100, 10)
  t.equal(choosePrecision({ float32, int8: measured(200, 5) }), 'int8')
  t.equal(choosePrecision({ float32, int8: measured(130, 11) }), 'int8')
  t.equal(choosePrecision({ float32, int8: measured(104, 9.7) }), 'float32', 'within the noise')
  t.equal(choosePrecision({ float32, int8: measured(80, 13) }), 'float32')
})
