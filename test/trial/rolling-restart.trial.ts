/** The short form of `npx tsx test/trial/rolling-restart.ts`. Needs nginx: `npm run test:trial`. */
import t from 'tap'
import { rollingRestart } from './rolling-restart.js'

t.test('each of two replicas behind nginx is restarted, and no request is lost', async (t) => {
  const { asked, lost, restarts } = await rollingRestart({ requests: 100, ratePerSecond: 5 })
  t.same(lost, [])
  t.equal(restarts, 2)
  t.ok(asked >= 100)
})
