import t from 'tap'
import { Lateness } from '../../src/engine/lateness.js'

const EXPECTED = { waitMs: 900, ownMs: 100 }

t.test('what waits longer than expected makes the next be expected to', async (t) => {
  const lateness = new Lateness()
  t.equal(lateness.factor, 1)
  for (let i = 0; i < 200; i++) lateness.observe(EXPECTED, 1500)
  t.ok(Math.abs(lateness.factor - 1.5) < 0.01)
})

t.test('one request says little, and one that need not wait nothing', async (t) => {
  const lateness = new Lateness()
  lateness.observe({ ...EXPECTED, waitMs: 0 }, 1e9)
  t.equal(lateness.factor, 1)
  lateness.observe(EXPECTED, 1e9)
  t.ok(lateness.factor < 1.2)
})
