/** The short form of `npx tsx test/trial/killed-replica.ts`. Needs nginx: `npm run test:trial`. */
import t from 'tap'
import { killedReplica } from './killed-replica.js'

t.test('of two replicas one is killed: what it had open is lost, and tried again elsewhere', async (t) => {
  const { open, failedOnce, lost } = await killedReplica({ requests: 60, ratePerSecond: 10 })
  t.ok(open > 0)
  // What was on its way between the count and the kill may be lost, too.
  t.ok(failedOnce.length <= open + 4, failedOnce.join('\n'))
  t.same(lost, [])
})
