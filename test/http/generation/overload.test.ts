import t from 'tap'
import { eventsOf, failure, post } from '../../support/client.js'
import { startTestServer } from '../../support/server.js'

t.test('a full queue answers 429 at once and says when to come again', async (t) => {
  const server = await startTestServer({ maxQueue: 2 })
  t.teardown(server.stop)
  const client = new AbortController()
  const running = await post(server.url, { n: 2, steps: 1024, stream: true }, { signal: client.signal })
  await eventsOf(running).next()
  for (const stream of [false, true]) {
    const refused = await failure(server.url, { stream })
    t.match(refused, { status: 429, code: 'queue_full', message: /2 of 2/ })
    t.match(refused.headers.get('retry-after'), /^\d+$/)
  }
  client.abort()
})

t.test('a generation that misses its deadline answers 504 and names the field', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  t.match(await failure(server.url, { steps: 1024, n: 4, deadline_ms: 20 }), { status: 504, code: 'deadline_exceeded', field: 'deadline_ms', message: /of 1024 steps/ })
})

t.test('more outputs than the queue holds can never be served', async (t) => {
  const server = await startTestServer({ maxQueue: 2 })
  t.teardown(server.stop)
  t.match(await failure(server.url, { n: 3 }), { status: 400, code: 'invalid_request', field: 'n', message: /at most 2/ })
})
