/** The short form of `npx tsx test/trial/generations/generations.ts`. */
import t from 'tap'
import { startTestServer } from '../../support/server.js'
import { until } from '../../support/until.js'
import { mixedGenerations } from '../../trial/generations/mixed.js'

t.test('a mixture of all kinds of requests ends as each should, and leaves nothing behind', async (t) => {
  const server = await startTestServer({ logLevel: 'error' })
  t.teardown(server.stop)
  const { ends, unexpected } = await mixedGenerations({ url: server.url, count: 300, seed: 1 })
  t.same(unexpected, [])
  t.ok(Object.keys(ends).length >= 11, JSON.stringify(ends))
  await until(() => server.engine.stats().generations === 0)
  t.match(server.engine.stats(), { queuedRows: 0, runningRows: 0, listeners: 0 })
  t.same(server.log, [])
})
