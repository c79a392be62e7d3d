import t from 'tap'
import { BatchLimits } from '../../src/engine/batch-limits.js'

const KIND = { paddedLength: 64, lane: 'step' } as const
const SECOND = 1000

t.test('nothing is limited that has not failed', async (t) => {
  const limits = new BatchLimits()
  limits.lower(KIND, 4, 0)
  t.equal(limits.rowsFor({ paddedLength: 128, lane: 'step' }, 0), Infinity)
  t.equal(limits.rowsFor({ paddedLength: 64, lane: 'filter' }, 0), Infinity)
  t.equal(limits.rowsFor(KIND, 0), 4)
})

t.test('a size that failed is tried again after half a minute, and each time that it fails again after twice as long, an hour at most', async (t) => {
  const limits = new BatchLimits()
  let now = 0
  const holds = Array.from({ length: 9 }, () => {
    limits.lower(KIND, 4, now)
    const begin = now
    while (limits.rowsFor(KIND, now) === 4) now += SECOND
    t.equal(limits.rowsFor(KIND, now), Infinity)
    return (now - begin) / SECOND
  })
  t.same(holds, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
})

t.test('a larger batch that goes through ends the limit, a smaller one does not', async (t) => {
  const limits = new BatchLimits()
  limits.lower(KIND, 4, 0)
  limits.passed(KIND, 4)
  t.equal(limits.rowsFor(KIND, 0), 4)
  limits.passed(KIND, 5)
  t.equal(limits.rowsFor(KIND, 0), Infinity)
  limits.lower(KIND, 4, 0)
  t.equal(limits.rowsFor(KIND, 30 * SECOND), Infinity, 'and what comes later begins anew')
})

t.test('of several batches that failed at the same time the smallest counts, and only once', async (t) => {
  const limits = new BatchLimits()
  for (const rows of [8, 2, 4]) limits.lower(KIND, rows, 0)
  t.equal(limits.rowsFor(KIND, 30 * SECOND - 1), 2)
  t.equal(limits.rowsFor(KIND, 30 * SECOND), Infinity)
})
