/** The short form of `npx tsx test/trial/fuzz/socket-fuzz.ts`. */
import t from 'tap'
import { generate } from '../../support/client.js'
import { startTestServer } from '../../support/server.js'
import { until } from '../../support/until.js'
import { socketFuzz } from '../../trial/fuzz/socket-fuzz.js'

/** What may come of bytes that are nearly HTTP: see src/errors.ts. */
const EXPECTED = new Set([100, 200, 204, 400, 404, 405, 408, 413, 414, 415, 417, 422, 431].map(String))

t.test('whatever bytes come, connections end, answers are HTTP, and the next client is served as before', async (t) => {
  const server = await startTestServer({ requestTimeoutMs: 200, keepAliveTimeoutMs: 200, logLevel: 'error' })
  t.teardown(server.stop)
  const request = { max_tokens: 8, steps: 2, seed: 5 }
  const before = await generate(server.url, request)
  const { statuses, hung, noHttp } = await socketFuzz({ url: server.url, cases: 400, seed: 1 })
  t.same(hung, [])
  t.same(noHttp, [])
  t.same(Object.keys(statuses).filter((status) => !EXPECTED.has(status)), [])
  t.ok((statuses['200'] ?? 0) > 0 && (statuses['400'] ?? 0) > 0, JSON.stringify(statuses))
  t.same((await generate(server.url, request)).outputs, before.outputs)
  await until(() => server.engine.stats().generations === 0)
  t.match(server.engine.stats(), { queuedRows: 0, runningRows: 0, listeners: 0 })
  t.same(server.log.filter(({ level }) => Number(level) >= 50), [], 'nothing that the log calls an error')
})
