/** The short form of `npx tsx test/trial/scheduler/scheduler.ts`. */
import t from 'tap'
import { schedulerTrial } from '../trial/scheduler/scheduler.js'

t.test('whatever comes, no row is lost or run twice, nobody starves, deadlines are honest, batches are within limits', async (t) => {
  const { broken, events, outcomes } = await schedulerTrial({ events: 20_000, seed: 1, arrivals: 200 })
  t.equal(broken, undefined)
  t.ok(events >= 20_000)
  for (const [outcome, count] of Object.entries(outcomes)) t.ok(count > 0, `some were ${outcome}`)
})

t.test('the same seed, the same events', async (t) => {
  const [first, second] = [await schedulerTrial({ events: 2000, seed: 9 }), await schedulerTrial({ events: 2000, seed: 9 })]
  t.same(first, second)
})

t.test('a promise that is broken is found, in a scenario that has little else', async (t) => {
  const { broken } = await schedulerTrial({ events: 20_000, seed: 1, arrivals: 200, limits: { maxBatch: 17 } })
  t.match(broken?.promise, /^batches are within limits: \d+ rows, where \d+ are allowed$/)
  const { arrivals = [], maxBatch = 0 } = broken?.scenario ?? {}
  const rows = arrivals.reduce((sum, each) => sum + each.rows, 0)
  t.ok(rows > maxBatch && rows <= maxBatch + 2 * 4, `${rows} rows`)
})
