import t from 'tap'
import { Lateness } from '../../src/engine/lateness.js'

const EXPECTED = { workMs: 900, waitMs: 900, ownMs: 100 }

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
  lateness.observe({ ...EXPECTED, workMs: 0, waitMs: 0 }, 1e9, false)
  t.equal(lateness.cautious, 1, 'and one alone nothing at all')
  lateness.observe(EXPECTED, 1e9)
  t.ok(lateness.factor < 1.2)
})

t.test('99 in 100 meet their deadlines: each that does not widens the margin as much as 99 narrow it', async (t) => {
  const lateness = new Lateness()
  for (let i = 0; i < 10; i++) lateness.observe(EXPECTED, 1000, false)
  const wide = lateness.cautious
  t.ok(wide > 2)
  t.equal(lateness.factor, 1, 'which is no longer expected for all')
  for (let i = 0; i < 99; i++) lateness.observe(EXPECTED, 1000, true)
  lateness.observe(EXPECTED, 1000, false)
  t.ok(Math.abs(lateness.cautious - wide) < 1e-9)
  for (let i = 0; i < 1000; i++) lateness.observe(EXPECTED, 1000)
  t.ok(Math.abs(lateness.cautious - wide) < 1e-9, 'those without a deadline say nothing of it')
  for (let i = 0; i < 5000; i++) lateness.observe(EXPECTED, 1000, true)
  t.equal(lateness.cautious, 1, 'and there is none where all are in time')
  for (let i = 0; i < 1000; i++) lateness.observe(EXPECTED, 1000, false)
  t.ok(Math.abs(lateness.cautious - 4) < 1e-9)
})
