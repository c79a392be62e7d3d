import t from 'tap'
import { eventsOf, failure, post } from '../support/client.js'
import { startTestServer } from '../support/server.js'
import { until } from '../support/until.js'

t.test('while draining the server is not ready, refuses, and finishes what runs', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  t.equal((await fetch(`${server.url}/health/ready`)).status, 200)
  const events = eventsOf(await post(server.url, { steps: 1024, max_tokens: 60, seed: 1, n: 4, stream: true }))
  await events.next()
  const stopped = server.stop()
  const ready = await fetch(`${server.url}/health/ready`)
  t.equal(ready.status, 503)
  t.match(await ready.json(), { error: { code: 'draining' } })
  t.equal((await fetch(`${server.url}/health/live`)).status, 200)
  t.match(await failure(server.url, {}), { status: 503, code: 'draining' })
  let last
  for await (const { event, data } of events) last = { event, data }
  t.match(last, { event: 'done', data: { outputs: [{ steps: 1024 }, {}, {}, {}] } })
  await stopped
  await t.rejects(fetch(`${server.url}/health/live`), 'nobody listens any more')
})

t.test('what needs longer than the drain timeout is told so and cut off', async (t) => {
  const server = await startTestServer({ drainTimeoutMs: 0 })
  t.teardown(server.stop)
  const events = eventsOf(await post(server.url, { steps: 1024, max_tokens: 60, n: 16, stream: true }))
  const plain = failure(server.url, { steps: 1024 })
  await events.next()
  await until(() => server.engine.stats().queuedRows + server.engine.stats().runningRows === 17)
  await server.stop()
  let last
  for await (const { event, data } of events) last = { event, data }
  t.match(last, { event: 'error', data: { error: { code: 'draining' } } })
  t.match(await plain, { status: 503, code: 'draining' })
})
