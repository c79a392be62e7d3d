import t from 'tap'
import { expectedChanges } from '../../src/engine/stability.js'

const MASK = 48

function state (tokens: number[], confidence: number[], editable = tokens.map(() => 1)) {
  return {
    tokens: Int32Array.from(tokens), confidence: Float32Array.from(confidence), editable: Uint8Array.from(editable), maskTokenId: MASK
  }
}

t.test('a masked position changes surely, a certain token never', async (t) => {
  t.equal(expectedChanges(state([MASK, 7, 7, 7], [0, 1, 1, 1]), 2), 1 / 4)
})

t.test('any other position changes with the probability that the cumulative solver jumps', async (t) => {
  const a = Math.log(2)
  t.ok(Math.abs(expectedChanges(state([1, 2], [0.5, 0]), a) - (1 - Math.SQRT1_2 + 0.5) / 2) < 1e-12)
  t.equal(expectedChanges(state([1, 2], [0.5, 0]), 0), 0, 'no time left before the last step, no change')
})

t.test('where what is revealed stays, the exponent is 0 and only masks count', async (t) => {
  t.equal(expectedChanges(state([MASK, 1, 2, MASK], [0, 0, 0.1, 1]), 0), 0.5)
})

t.test('frozen positions count neither way', async (t) => {
  t.equal(expectedChanges(state([MASK, 3, 3], [0, 0, 1], [1, 0, 1]), 100), 0.5)
  t.equal(expectedChanges(state([3], [0], [0]), 1), 0)
})
