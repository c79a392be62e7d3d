import t from 'tap'
import { dueTime, nextBatch, PATIENCE_MS, type Candidate } from '../../src/engine/batcher.js'

function row (sequence: number, paddedLength: number, dueAt = 0): Candidate {
  return { sequence, paddedLength, dueAt }
}

t.test('of rows due at one time the first to come decides the length, the earliest of that length fill the batch', async (t) => {
  const waiting = [row(4, 64), row(2, 32), row(1, 64), row(3, 64), row(0, 64)]
  t.same(nextBatch(waiting, 3).map((r) => r.sequence), [0, 1, 3])
})

t.test('what is due first goes first, whoever came first', async (t) => {
  const waiting = [row(0, 64, 900), row(1, 32, 100), row(2, 32, 500), row(3, 32, 200)]
  t.same(nextBatch(waiting, 2).map((r) => r.sequence), [1, 3])
})

t.test('a row without a deadline is due after a while, so that urgent newcomers cannot starve it', async (t) => {
  const patient = row(0, 64, dueTime(0))
  const urgent = (submittedAt: number): Candidate => row(1, 32, dueTime(submittedAt, 100))
  t.same(nextBatch([patient, urgent(0)], 1), [urgent(0)])
  t.same(nextBatch([patient, urgent(PATIENCE_MS)], 1), [patient])
})

t.test('a lone row runs at once', async (t) => {
  t.same(nextBatch([row(7, 128)], 16), [row(7, 128)])
})

t.test('nothing waiting, nothing runs', async (t) => {
  t.same(nextBatch([], 16), [])
})
