import t from 'tap'
import { nextBatch, type Candidate } from '../../src/engine/batcher.js'

function row (sequence: number, paddedLength: number): Candidate {
  return { sequence, paddedLength }
}

t.test('the row that came first decides the length, the earliest of that length fill the batch', async (t) => {
  const waiting = [row(4, 64), row(2, 32), row(1, 64), row(3, 64), row(0, 64)]
  t.same(nextBatch(waiting, 3).map((r) => r.sequence), [0, 1, 3])
})

t.test('a lone row runs at once', async (t) => {
  t.same(nextBatch([row(7, 128)], 16), [row(7, 128)])
})

t.test('nothing waiting, nothing runs', async (t) => {
  t.same(nextBatch([], 16), [])
})

t.test('a row of another length does not starve: it goes first once it is the oldest', async (t) => {
  t.same(nextBatch([row(9, 32), row(10, 64), row(11, 32)], 2), [row(9, 32), row(11, 32)])
  t.same(nextBatch([row(12, 32), row(10, 64), row(13, 32)], 2), [row(10, 64)])
})
