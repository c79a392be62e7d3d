import t from 'tap'
import { eventsOf, generate, post, rawRequest } from '../../support/client.js'
import { startTestServer, type TestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const LONG = { max_tokens: 60, steps: 1024, seed: 1 }

function rows ({ engine }: TestServer): number {
  const { queuedRows, runningRows } = engine.stats()
  return queuedRows + runningRows
}

/** The log's line of the one generation that was asked for. */
function line ({ log }: TestServer): Record<string, unknown> | undefined {
  return log.find(({ route }) => route === '/v1/generate')
}

async function metric ({ url }: TestServer, pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(pattern.exec(text)?.[1] ?? NaN)
}

t.test('a client that leaves in the middle of a stream frees its rows', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const client = new AbortController()
  const response = await post(server.url, { ...LONG, n: 4, stream: true }, { signal: client.signal })
  await eventsOf(response).next()
  t.equal(rows(server), 4)
  client.abort()
  await until(() => rows(server) === 0)
  await until(() => line(server) !== undefined)
  t.match(line(server), { msg: 'client left', status: 499, stream: true, n: 4 })
  t.equal(await metric(server, /^fewstep_network_calls_total\{model="tiny-text"\} (\d+)$/m), 0, 'the generation did not go on to its end')
  t.equal(await metric(server, /^fewstep_http_requests_total\{.*status="499"\} (\d+)$/m), 1)
  t.equal((await generate(server.url, { max_tokens: 4 })).outputs.length, 1, 'and the next one is served')
})

t.test('a client that leaves while it waits for a plain answer frees its rows', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const client = new AbortController()
  const answer = post(server.url, { ...LONG, n: 4 }, { signal: client.signal })
  await until(() => server.engine.stats().runningRows > 0)
  client.abort()
  await t.rejects(answer)
  await until(() => rows(server) === 0)
  await until(() => line(server) !== undefined)
  t.match(line(server), { msg: 'client left', status: 499, stream: false })
  t.equal(await metric(server, /^fewstep_network_calls_total\{model="tiny-text"\} (\d+)$/m), 0)
})

t.test('a client that stalls holds nobody up, and nothing stays behind when it leaves', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  // Reads nothing: what it is sent (tens of megabytes) fits no socket buffer.
  const socket = await rawRequest(server.url, { ...LONG, n: 16, stream: true })
  await until(() => rows(server) === 16)
  await until(() => rows(server) === 0)
  t.equal(line(server), undefined, 'the response is still open')
  t.equal((await generate(server.url, { max_tokens: 4 })).outputs.length, 1)
  socket.destroy()
  await until(() => server.log.some(({ msg }) => msg === 'client left'))
  t.pass()
})
