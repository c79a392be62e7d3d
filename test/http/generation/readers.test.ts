/** The short form of `npx tsx test/trial/readers/readers.ts`. */
import t from 'tap'
import { startTestServer, type TestServer } from '../../support/server.js'
import { until } from '../../support/until.js'
import { stallingReaders, vanishingReaders } from '../../trial/readers/vanishing.js'
import { vitalsOf } from '../../trial/vitals.js'

function isEmpty ({ engine }: TestServer): boolean {
  const { generations, queuedRows, runningRows, listeners } = engine.stats()
  return generations + queuedRows + runningRows + listeners === 0
}

t.test('readers who vanish, whenever and however, leave nothing behind', async (t) => {
  const server = await startTestServer({ logLevel: 'error' })
  t.teardown(server.stop)
  const answered = await vanishingReaders({ url: server.url, count: 150, seed: 1 })
  t.ok(answered > 20 && answered < 150, `${answered} had been answered`)
  await until(() => isEmpty(server))
  t.same(server.log, [])
})

t.test('readers who take nothing are cut off, all of them', async (t) => {
  const server = await startTestServer({ logLevel: 'error', sendTimeoutMs: 500 })
  t.teardown(server.stop)
  await stallingReaders({ url: server.url, count: 60, settled: async () => isEmpty(server) && (await vitalsOf(server.url)).rows === 0 })
  t.pass()
})
