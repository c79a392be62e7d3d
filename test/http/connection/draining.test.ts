import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'
import t from 'tap'
import { eventsOf, failure, post } from '../../support/client.js'
import { RawConnection, requestText } from '../../support/raw-connection.js'
import { startTestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const LONG = { steps: 1024, max_tokens: 60, seed: 1 }

async function last (events: ReturnType<typeof eventsOf>): Promise<unknown> {
  let seen
  for await (const event of events) seen = event
  return seen
}

t.test('in its grace period a server says that it is not ready, serves what comes, and closes every connection that it answers on', async (t) => {
  const server = await startTestServer({ drainGraceMs: 3_600_000 })
  t.teardown(() => server.stop({ grace: false }))
  const { url } = server
  const running = eventsOf(await post(url, { ...LONG, stream: true }))
  await running.next()
  void server.stop()
  const ready = await fetch(`${url}/health/ready`)
  t.match({ status: ready.status, body: await ready.json() }, { status: 503, body: { error: { code: 'draining' } } })
  t.equal(ready.headers.get('retry-after'), '1')
  t.match(await (await fetch(`${url}/metrics`)).text(), /^fewstep_ready\{model="tiny-text"\} 0$/m)
  const requests: Array<[what: string, path: string, init?: RequestInit]> = [
    ['a generation', '/v1/generate', { method: 'POST', body: '{"max_tokens": 2, "steps": 2}', headers: { 'content-type': 'application/json' } }],
    ['a stream', '/v1/generate', { method: 'POST', body: '{"max_tokens": 2, "steps": 2, "stream": true}', headers: { 'content-type': 'application/json' } }],
    ['a sign of life', '/health/live'],
    ['what is wrong', '/v1/generate', { method: 'POST', body: '{"steps": 0}', headers: { 'content-type': 'application/json' } }],
    ['an unknown path', '/nope'],
    ['a path that is no URL', '/%zz']
  ]
  for (const [what, path, init] of requests) {
    const response = await fetch(url + path, init)
    t.equal(response.headers.get('connection'), 'close', what)
    if (what === 'a generation' || what === 'a stream') t.equal(response.status, 200, what)
    await response.text()
  }
  t.match(await last(running), { event: 'done' }, 'what ran before goes on')
  await server.stop({ grace: false })
})

t.test('then nobody can connect any more, while what runs finishes', async (t) => {
  const server = await startTestServer({ drainTimeoutMs: 600_000 })
  t.teardown(server.stop)
  const events = eventsOf(await post(server.url, { ...LONG, stream: true }))
  await events.next()
  const early = await RawConnection.open(server.url)
  const stopped = server.stop()
  await t.rejects(fetch(`${server.url}/health/live`), 'nobody listens any more')
  t.match(await last(events), { event: 'done', data: { outputs: [{ steps: 1024 }] } })
  await early.ended
  t.equal(early.received, '', 'who connected and asked nothing is not waited for')
  await stopped
})

t.test('a request that was on its way when the listener closed is served; one that comes later is refused with Retry-After', async (t) => {
  const server = await startTestServer({ drainTimeoutMs: 600_000 })
  t.teardown(server.stop)
  const running = eventsOf(await post(server.url, { ...LONG, stream: true }))
  await running.next()
  const open = async (): Promise<RawConnection> => await RawConnection.open(server.url)
  const [soon, late, alive] = [await open(), await open(), await open()]
  const stopped = server.stop()
  soon.send(requestText('POST', '/v1/generate', { body: '{"max_tokens": 1, "steps": 1}' }))
  await t.rejects(fetch(`${server.url}/health/live`), 'nobody listens any more')
  await until(() => server.engine.state === 'draining')
  late.send(requestText('POST', '/v1/generate', { body: '{"max_tokens": 1, "steps": 1}' }))
  t.match(await late.responses(), [{ status: 503, headers: { connection: 'close', 'retry-after': '1' }, body: /"code":"draining"/ }])
  alive.send(requestText('GET', '/health/live'))
  t.match(await alive.responses(), [{ status: 200, headers: { connection: 'close' } }], 'who is connected may still ask how it is')
  t.match(await last(running), { event: 'done' })
  t.match(await soon.responses(), [{ status: 200, headers: { connection: 'close' } }])
  await stopped
})

t.test('an idle connection closes with the listener, and one that brings a request before is used', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const [response] = await once(request(`${server.url}/health/live`, { agent }).end(), 'response') as [NodeJS.ReadableStream]
  t.same(await json(response), { status: 'live' })
  const [idle] = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])
  t.ok(idle !== undefined)
  const closed = idle === undefined ? undefined : once(idle, 'close')
  await server.stop()
  await closed
})

t.test('what needs longer than the drain timeout is told so and cut off', async (t) => {
  const server = await startTestServer({ drainTimeoutMs: 0 })
  t.teardown(server.stop)
  const events = eventsOf(await post(server.url, { steps: 1024, max_tokens: 60, n: 16, stream: true }))
  const plain = failure(server.url, { steps: 1024 })
  await events.next()
  await until(() => server.engine.stats().queuedRows + server.engine.stats().runningRows === 17)
  await server.stop()
  t.match(await last(events), { event: 'error', data: { error: { code: 'draining' } } })
  const refused = await plain
  t.match(refused, { status: 503, code: 'draining' })
  t.equal(refused.headers.get('retry-after'), '1')
})

t.test('the log says of an answer that did not reach its reader in time why', async (t) => {
  const server = await startTestServer({ drainTimeoutMs: 0 })
  t.teardown(server.stop)
  const connection = await RawConnection.open(server.url)
  connection.socket.pause()
  connection.send(requestText('GET', '/docs/reference/static/swagger-ui-bundle.js').repeat(5))
  const written = (): number => server.log.filter(({ route }) => route === '/docs/reference/static/*').length
  await until(() => written() >= 1) // the others are under way
  await server.stop()
  t.ok(server.log.some(({ route, cut_off: why }) => route === '/docs/reference/static/*' && why === 'shutdown'))
  connection.socket.destroy()
})
