import t from 'tap'
import type { Row } from '../../src/engine/row.js'
import { Suspects, type Batch } from '../../src/engine/suspects.js'
import { rowsOf } from '../support/rows.js'

/** Run what is there until nothing is left; a batch with a guilty row fails. */
function runAll (suspects: Suspects, guilty: readonly Row[]): { sizes: number[], givenUp: Row[], enough: number[] } {
  const sizes: number[] = []
  const givenUp: Row[] = []
  const enough: number[] = []
  for (let batch = suspects.next(); batch !== undefined; batch = suspects.next()) {
    sizes.push(batch.rows.length)
    const row = batch.rows.some((row) => guilty.includes(row)) ? suspects.failed(batch.rows) : note(suspects, batch, enough)
    if (row !== undefined) givenUp.push(row)
  }
  return { sizes, givenUp, enough }
}

function note (suspects: Suspects, batch: Batch, enough: number[]): undefined {
  const rows = suspects.passed(batch)
  if (rows !== undefined) enough.push(rows)
}

t.test('a batch that failed is halved until the guilty row is alone, and only that one is given up', async (t) => {
  for (const count of [1, 2, 3, 7, 16]) {
    const rows = rowsOf(count)
    for (const guilty of rows) {
      const suspects = new Suspects()
      for (const row of rows) row.failures = 0
      t.equal(suspects.failed(rows), undefined)
      t.equal(suspects.size, count)
      const { givenUp, enough } = runAll(suspects, [guilty])
      t.same(givenUp.map(({ sequence }) => sequence), [guilty.sequence], `${guilty.sequence} of ${count}`)
      t.same(enough, [], 'the size of the batch is not blamed')
    }
  }
})

t.test('several guilty ones are all found', async (t) => {
  const rows = rowsOf(9)
  const guilty = rows.filter((_, i) => i % 4 === 0)
  const suspects = new Suspects()
  suspects.failed(rows)
  t.same(new Set(runAll(suspects, guilty).givenUp), new Set(guilty))
})

t.test('where no row is guilty, the size is: parts that go through say how many are enough', async (t) => {
  const suspects = new Suspects()
  suspects.failed(rowsOf(7))
  const { sizes, givenUp, enough } = runAll(suspects, [])
  t.same({ sizes, givenUp, enough }, { sizes: [4, 3], givenUp: [], enough: [4] })
})

t.test('a lone row is tried three times in all', async (t) => {
  const suspects = new Suspects()
  const rows = rowsOf(1)
  suspects.failed(rows)
  t.match(runAll(suspects, rows), { sizes: [1, 1], givenUp: rows })
})

t.test('a row that leaves is run no more, and the others are', async (t) => {
  const rows = rowsOf(3)
  const [first, second, third] = rows
  const suspects = new Suspects()
  suspects.failed(rows)
  if (first !== undefined) suspects.delete(first)
  if (third !== undefined) suspects.delete(third)
  t.same([...suspects], [second])
  t.same(suspects.next()?.rows, [second])
  t.equal(suspects.next(), undefined)
  t.equal(suspects.failed([]), undefined)
  t.equal(suspects.next(), undefined)
})
