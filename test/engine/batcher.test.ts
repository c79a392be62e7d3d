import t from 'tap'
import { dueTime, nextBatch, PATIENCE_MS, PRIORITY_MS } from '../../src/engine/batcher.js'
import type { Candidate, Snapshot } from '../../src/engine/candidate.js'
import { CostCurve } from '../../src/engine/cost-curve.js'

function row (sequence: number, changes: Partial<Candidate> = {}): Candidate {
  return { sequence, paddedLength: 64, lane: 'step', dueAt: 0, deadlineAt: Infinity, stepsLeft: 8, ...changes }
}

/** A processor whose throughput is at its best with `full` rows: up to there a step takes 10 ms. */
function costs (full: number): CostCurve {
  return new CostCurve([1, full, 16 * full].map((rows) => ({ rows, paddedLength: 64, ms: 10 * Math.max(1, rows / full) })))
}

function batch (waiting: Candidate[], changes: Partial<Snapshot<Candidate>> = {}): number[] {
  return nextBatch({ waiting, now: 0, idleWorkers: 1, maxBatch: 16, costs: new CostCurve(), ...changes }).map(({ sequence }) => sequence)
}

t.test('of rows due at one time the first to come decides the length, the earliest of that length fill the batch', async (t) => {
  const waiting = [row(4), row(2, { paddedLength: 32 }), row(1), row(3), row(0)]
  t.same(batch(waiting, { maxBatch: 3 }), [0, 1, 3])
})

t.test('rows that filter and rows that do not run apart: nobody pays for sorting that others asked for', async (t) => {
  const waiting = [row(0), row(1, { lane: 'filter' }), row(2), row(3, { lane: 'filter' })]
  t.same(batch(waiting), [0, 2])
  t.same(batch(waiting.slice(1)), [1, 3])
  t.same(batch([row(0, { lane: 'score' }), ...waiting.slice(1)]), [0], 'nor do those that score share a batch with them')
})

t.test('what is due first goes first, whoever came first', async (t) => {
  const short = { paddedLength: 32 }
  const others = [100, 500, 200].map((dueAt, i) => row(1 + i, { ...short, dueAt }))
  const waiting = [row(0, { dueAt: 900 }), ...others]
  t.same(batch(waiting, { maxBatch: 2 }), [1, 3])
})

t.test('a row without a deadline is due after a while, so that urgent newcomers cannot starve it', async (t) => {
  const patient = row(0, { dueAt: dueTime(0) })
  const urgent = (submittedAt: number): Candidate => row(1, { paddedLength: 32, dueAt: dueTime(submittedAt, 100) })
  t.same(batch([patient, urgent(0)], { maxBatch: 1 }), [1])
  t.same(batch([patient, urgent(PATIENCE_MS)], { maxBatch: 1 }), [0])
})

t.test('the blocks of a text are due one patience apart, or evenly on the way to its deadline', async (t) => {
  const due = (deadlineMs?: number): number[] => [0, 1, 2, 3].map((block) => dueTime(100, deadlineMs, { block, blocks: 4 }))
  t.same(due(), [1, 2, 3, 4].map((patiences) => 100 + patiences * PATIENCE_MS))
  t.same(due(2000), [600, 1100, 1600, 2100])
  t.same(due(1e9), due())
  t.equal(dueTime(100, 2000, { block: 0, blocks: 1 }), dueTime(100, 2000))
})

t.test('a lower priority is served earlier, and waiting makes up for it', async (t) => {
  const patient = row(0, { dueAt: dueTime(0, undefined, { priority: 3 }) })
  const newcomer = (submittedAt: number, priority = 0): Candidate =>
    row(1, { paddedLength: 32, dueAt: dueTime(submittedAt, undefined, { priority }) })
  t.same(batch([patient, newcomer(0)], { maxBatch: 1 }), [1])
  t.same(batch([patient, newcomer(3 * PRIORITY_MS - 1)], { maxBatch: 1 }), [1])
  t.same(batch([patient, newcomer(3 * PRIORITY_MS)], { maxBatch: 1 }), [0], 'it has waited as long as its priority puts it back')
  t.same(batch([patient, newcomer(3 * PRIORITY_MS, -1)], { maxBatch: 1 }), [1])
})

t.test('a lone row runs at once, whatever a full batch would gain', async (t) => {
  t.same(batch([row(7)], { costs: costs(16) }), [7])
})

t.test('no more rows than throughput needs: the others would only make everybody wait', async (t) => {
  const waiting = Array.from({ length: 12 }, (_, i) => row(i))
  t.same(batch(waiting, { costs: costs(4) }), [0, 1, 2, 3])
  t.same(batch(waiting, { costs: costs(8) }), [0, 1, 2, 3, 4, 5, 6, 7])
})

t.test('idle workers share what waits', async (t) => {
  const waiting = Array.from({ length: 6 }, (_, i) => row(i))
  t.same(batch(waiting, { idleWorkers: 2 }), [0, 1, 2])
  t.same(batch(waiting, { idleWorkers: 8 }), [0])
})

t.test('the batch is so small that its first row keeps its deadline', async (t) => {
  // Each row costs 2.5 ms a step, and 8 steps are left.
  const waiting = Array.from({ length: 8 }, (_, i) => row(i, i === 0 ? { dueAt: -1, deadlineAt: 130 } : {}))
  const slow = { estimate: (rows: number) => 2.5 * rows, efficientRows: () => 8, rowsToRun: () => 8 }
  t.same(batch(waiting, { costs: slow }), [0, 1, 2, 3, 4, 5])
  t.same(batch(waiting, { costs: slow, now: 100 }), [0], 'alone, if need be')
  t.same(batch(waiting, { costs: slow, now: 115 }), [1, 2, 3, 4, 5, 6, 7, 0], 'one that is lost in any company makes room for the others')
})

t.test('a row that would miss its deadline even alone comes after those that can be served', async (t) => {
  const waiting = [row(0, { dueAt: 79, deadlineAt: 79 }), row(1, { dueAt: 500, deadlineAt: 500 })]
  t.same(batch(waiting, { maxBatch: 1, costs: costs(1) }), [1], '8 steps of 10 ms do not fit into 79 ms')
  t.same(batch([row(0, { dueAt: 80, deadlineAt: 80 }), row(1, { dueAt: 500 })], { maxBatch: 1, costs: costs(1) }), [0])
  t.same(batch([row(0, { deadlineAt: 79 })], { costs: costs(1) }), [0], 'nobody else waits: it may try')
})

t.test('in a crowd those who make it only in a small batch come after those who do in a full one', async (t) => {
  // Throughput needs batches of 4, of 10 ms; alone a step takes 5 ms. 8 steps are left.
  const steep = new CostCurve([[1, 5], [4, 10], [16, 40]].map(([rows = 0, ms = 0]) => ({ rows, paddedLength: 64, ms })))
  const tight = [row(0, { dueAt: 60, deadlineAt: 60 }), row(1, { dueAt: 61, deadlineAt: 61 })]
  const others = Array.from({ length: 10 }, (_, i) => row(2 + i, { dueAt: 500, deadlineAt: 500 }))
  t.same(batch([...tight, ...others], { costs: steep }), [2, 3, 4, 5])
  t.same(batch([...tight, ...others.slice(0, 3)], { costs: steep }), [0, 1], 'where few wait the tight ones are saved, in a small batch')
  t.same(batch(tight, { costs: steep, now: 25 }), [0, 1], 'and where all are lost they run in turn')
})

t.test('nothing waiting, nothing runs', async (t) => {
  t.same(batch([]), [])
})

t.test('now and then a crowd runs in a batch of another size, by the number of steps and by nothing else', async (t) => {
  const waiting = Array.from({ length: 16 }, (_, i) => row(i))
  const curve = costs(4)
  const sizes = Array.from({ length: 68 }, () => {
    const { length } = batch(waiting, { costs: curve })
    curve.observe({ rows: length, paddedLength: 64, ms: 10 * Math.max(1, length / 4) })
    return length
  })
  t.same(sizes.flatMap((size, i) => size === 4 ? [] : [[i, size]]), [[16, 8], [33, 16], [50, 6], [67, 2]])
})
