import t from 'tap'
import { Allowance } from '../../../src/http/guard/allowance.js'

t.test('a minute\'s worth may be taken at once, and comes back evenly over the minute after', async (t) => {
  const allowance = new Allowance(60)
  t.ok(allowance.take(60, 1000))
  t.notOk(allowance.take(1, 1000))
  t.notOk(allowance.take(1, 1999), 'one comes back a second')
  t.ok(allowance.take(1, 2000))
  t.notOk(allowance.take(31, 32_000 - 1))
  t.ok(allowance.take(30, 32_000))
  t.ok(allowance.take(60, 1_000_000), 'and never more than a minute\'s worth is saved up')
  t.notOk(allowance.take(1, 1_000_000))
})

t.test('what is refused takes nothing, and what is given back can be taken again', async (t) => {
  const allowance = new Allowance(10)
  t.notOk(allowance.take(11, 0))
  t.ok(allowance.take(10, 0))
  allowance.giveBack(4, 0)
  t.notOk(allowance.take(5, 0))
  t.ok(allowance.take(4, 0))
  allowance.giveBack(1000, 0)
  t.same(allowance.rest(0), { limit: 10, remaining: 10, resetSeconds: 0 }, 'more than was taken does not come back')
})

t.test('it says how long to wait, and what is left', async (t) => {
  const allowance = new Allowance(60)
  allowance.take(50, 0)
  t.same(allowance.rest(0), { limit: 60, remaining: 10, resetSeconds: 50 })
  t.same(allowance.rest(500), { limit: 60, remaining: 10, resetSeconds: 50 }, 'in whole ones')
  t.equal(allowance.waitMs(10, 500), 0)
  t.equal(allowance.waitMs(12, 1000), 1000)
  t.equal(allowance.waitMs(61, 1000), Infinity, 'nobody is told to wait for what never comes')
})
