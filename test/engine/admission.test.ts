import t from 'tap'
import { expectation, verdict, type Admissible, type Expectation, type Work } from '../../src/engine/admission.js'

/** Of a length, 8 steps left, due in this order. */
function row (dueAt: number, changes: Partial<Admissible> = {}): Admissible {
  const { stepsLeft = 8 } = changes
  return { paddedLength: 64, lane: 'step', dueAt, stepsLeft, stepsUnder: () => stepsLeft, ...changes }
}

/** A step takes 10 ms, with up to four rows in it. */
const COSTS = { estimate: () => 10, efficientRows: () => 4 }

function expect (admitted: readonly Admissible[], newcomer: Admissible, rows = 1, workers = 1): Expectation {
  return expectation(newcomer, rows, { admitted, count: admitted.length, workers, maxBatch: 16, costs: COSTS })
}

t.test('on an idle machine a request takes its steps', async (t) => {
  t.same(expect([], row(1)), { workMs: 0, queueMs: 0, waitMs: 0, ownMs: 80, fewestMs: 80, aloneMs: 80 })
  t.match(expect([], row(1), 8), { ownMs: 160, aloneMs: 160 }, 'rows that do not fit beside each other take turns')
  t.match(expect([], row(1), 8, 2), { ownMs: 80, aloneMs: 80 }, 'unless there are workers enough')
})

t.test('beside its like there is room for a newcomer, until batches are full', async (t) => {
  t.match(expect([row(1), row(1), row(1)], row(2)), { workMs: 80, queueMs: 0, waitMs: 0 })
  t.match(expect([row(1), row(1), row(1), row(1)], row(2)), { workMs: 80, queueMs: 80, waitMs: 80 })
  t.match(expect([row(1), row(1), row(1), row(1)], row(2), 1, 2), { waitMs: 0 })
})

t.test('what is due later does not make it wait, but the queue is as long', async (t) => {
  const later = [row(3), row(3), row(3), row(3)]
  t.match(expect(later, row(2)), { workMs: 80, queueMs: 80, waitMs: 0 })
})

t.test('canvases that a row will have later count for those who are due after them, and are its own time', async (t) => {
  const later = (dueAt: number): Work => ({ ...row(dueAt), stepsUnder: () => 8 })
  const text = (...dueAts: number[]): Admissible =>
    row(1, { stepsLeft: 8 + 8 * dueAts.length, stepsUnder: () => 8, later: dueAts.map(later) })
  const four = Array<Admissible>(4).fill(text(3, 5))
  t.match(expect(four, row(2)), { queueMs: 80, waitMs: 80 })
  t.match(expect(four, row(4)), { queueMs: 160, waitMs: 160 })
  t.match(expect(four, row(6)), { queueMs: 240, waitMs: 240 })
  t.match(expect([], text(3, 5)), { ownMs: 240, fewestMs: 240, aloneMs: 240 })
})

t.test('another length, or filtering, is work of its own', async (t) => {
  t.match(expect([row(1, { paddedLength: 128 })], row(2)), { waitMs: 80 })
  t.match(expect([row(1, { lane: 'filter' })], row(2)), { waitMs: 80 })
})

t.test('elastic rows are expected to shrink under load', async (t) => {
  const elastic = row(1, { stepsLeft: 2, stepsUnder: (load) => Math.max(2, Math.floor(8 / Math.max(1, load))) })
  t.match(expect(Array<Admissible>(4).fill(elastic), row(2)), { waitMs: 80 })
  t.match(expect(Array<Admissible>(16).fill(elastic), row(2)), { waitMs: 80 })
  t.match(expect([], elastic), { ownMs: 80, fewestMs: 20 })
})

t.test('nothing known, nothing expected: everybody is admitted', async (t) => {
  const unknown = { estimate: () => 0, efficientRows: () => 16 }
  const admitted = Array<Admissible>(100).fill(row(1))
  const expected = expectation(row(2), 1, { admitted, count: 100, workers: 1, maxBatch: 16, costs: unknown })
  t.equal(verdict(expected, { factor: 1, cautious: 1 }, 1, 1), 'admitted')
})

t.test('the verdict', async (t) => {
  const quick = { workMs: 0, queueMs: 0, waitMs: 0, ownMs: 500, fewestMs: 400, aloneMs: 300 }
  const cases: ReadonlyArray<readonly [Partial<Expectation>, number, number, ReturnType<typeof verdict>]> = [
    [{}, 1, Infinity, 'admitted'],
    [{}, 1, 299, 'too_short'],
    [{}, 1, 300, 'admitted'],
    [{ workMs: 100 }, 1, 400, 'admitted'],
    [{ workMs: 100 }, 1, 399, 'too_late'],
    [{ workMs: 100 }, 1.5, 599, 'too_late'],
    [{ workMs: 100, waitMs: 100, queueMs: 100 }, 1, 500, 'admitted'],
    [{ workMs: 101, waitMs: 101, queueMs: 101 }, 1, 500, 'too_late'],
    [{ workMs: 60, waitMs: 60, queueMs: 60 }, 2, 900, 'too_late'],
    [{ waitMs: 7500, queueMs: 7500 }, 1, Infinity, 'admitted'],
    [{ waitMs: 7501, queueMs: 7501 }, 1, Infinity, 'too_long'],
    [{ waitMs: 0, queueMs: 7501 }, 1, Infinity, 'too_long'],
    [{ waitMs: 4000, queueMs: 4000 }, 2, Infinity, 'too_long'],
    [{ ownMs: 60_000 }, 1, Infinity, 'admitted'],
    [{ ownMs: 60_000, waitMs: 4000, queueMs: 4000 }, 1, Infinity, 'admitted'],
    [{ ownMs: 60_000, waitMs: 4001, queueMs: 4001 }, 1, Infinity, 'too_long']
  ]
  for (const [changes, lateness, deadlineMs, wanted] of cases) {
    const judged = verdict({ ...quick, ...changes }, { factor: lateness, cautious: lateness }, deadlineMs, 10_000)
    t.equal(judged, wanted, JSON.stringify([changes, lateness, deadlineMs]))
  }
  const waiting = { ...quick, workMs: 600, waitMs: 600, queueMs: 600 }
  t.equal(verdict(waiting, { factor: 1, cautious: 1.5 }, 1400, 10_000), 'too_late', 'what is due is let in with a margin')
  t.equal(verdict(waiting, { factor: 1, cautious: 1.5 }, Infinity, 10_000), 'admitted', 'what is not is not held up by it')
})
