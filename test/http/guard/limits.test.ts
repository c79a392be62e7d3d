/** Limits over the wire: what is told, what is refused, and what work costs. Their times are tested on clocks of their own. */
import t from 'tap'
import { makeKey } from '../../../src/http/guard/key-line.js'
import { eventsOf, failure, post } from '../../support/client.js'
import { startTestServer, type TestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

/** Tokens of the canvas are padded to 32. */
const SMALL = { max_tokens: 8, steps: 2, seed: 1 }
const ALICE = { headers: { 'x-api-key': makeKey() } }
const BOB = { headers: { 'x-api-key': makeKey() } }
const apiKeys = [`alice:${ALICE.headers['x-api-key']}`, `bob:${BOB.headers['x-api-key']}`]

/** So many that none comes back while a test runs. */
const MANY = 1_000_000

async function positionsOf (server: TestServer, key = 'none'): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  return Number(new RegExp(`^fewstep_key_positions_total\\{key="${key}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0)
}

t.test('without keys a limit is an address\'s, and what is open does not count', async (t) => {
  const server = await startTestServer({ requestsPerMinute: 1, trustProxy: ['loopback'] })
  t.teardown(server.stop)
  for (const path of ['/health/live', '/health/ready', '/metrics', '/docs', '/nope']) await fetch(`${server.url}${path}`)
  const first = await post(server.url, SMALL)
  t.equal(first.status, 200)
  t.match(Object.fromEntries(first.headers), {
    'x-ratelimit-limit-requests': '1', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': /^\d+$/
  })
  const refused = await failure(server.url, '{"bad json')
  t.match(refused, { status: 429, code: 'rate_limited', message: /more than 1 requests a minute/ }, 'before the body is looked at')
  t.match(Object.fromEntries(refused.headers), { 'retry-after': /^\d+$/, 'x-ratelimit-remaining-requests': '0' })
  const another = await post(server.url, SMALL, { headers: { 'x-forwarded-for': '192.0.2.1' } })
  t.equal(another.status, 200, 'another address, as a trusted proxy says')
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  t.match(metrics, /^fewstep_refused_total\{key="none",reason="requests"\} 1$/m)
  t.notMatch(metrics, /192\.0\.2\.1|127\.0\.0\.1/, 'addresses are in no label')
})

t.test('an address is taken from nobody who is not trusted', async (t) => {
  const server = await startTestServer({ requestsPerMinute: 1 })
  t.teardown(server.stop)
  t.equal((await post(server.url, SMALL, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status, 200)
  t.equal((await post(server.url, SMALL, { headers: { 'x-forwarded-for': '192.0.2.2' } })).status, 429)
})

t.test('each key has its own limits', async (t) => {
  const server = await startTestServer({ requestsPerMinute: 1, apiKeys })
  t.teardown(server.stop)
  t.equal((await post(server.url, SMALL, ALICE)).status, 200)
  t.equal((await post(server.url, SMALL, ALICE)).status, 429)
  t.equal((await post(server.url, SMALL, BOB)).status, 200)
})

t.test('work costs outputs x steps x padded length, and an answer says what is left', async (t) => {
  const server = await startTestServer({ positionsPerMinute: MANY })
  t.teardown(server.stop)
  for (const stream of [false, true]) {
    const before = await positionsOf(server)
    const answer = await post(server.url, { ...SMALL, n: 3, stream })
    await answer.text()
    await until(async () => await positionsOf(server) > before)
    t.equal(await positionsOf(server) - before, 3 * 2 * 32, `stream ${stream}`)
    t.equal(answer.headers.get('x-ratelimit-limit-positions'), String(MANY))
    t.match(answer.headers.get('x-ratelimit-remaining-positions'), /^99\d{4}$/)
  }
})

t.test('a text in blocks costs what its canvases cost', async (t) => {
  const server = await startTestServer({ positionsPerMinute: MANY })
  t.teardown(server.stop)
  const ends = { stop_token_ids: [], ignore_eos: true }
  const answer = await fetch(`${server.url}/v1/completions`, {
    method: 'POST',
    body: JSON.stringify({ max_tokens: 100, block_length: 32, steps: 2, seed: 1, ...ends }),
    headers: { 'content-type': 'application/json' }
  })
  await answer.text()
  await until(async () => await positionsOf(server) > 0)
  t.equal(await positionsOf(server), 2 * (32 + 64 + 64 + 64))
})

t.test('what costs more than there is left, or ever is, is refused with a status of its own', async (t) => {
  const server = await startTestServer({ positionsPerMinute: 640, apiKeys })
  t.teardown(server.stop)
  for (const stream of [false, true]) {
    const refused = await failure(server.url, { ...SMALL, steps: 21, stream }, ALICE)
    t.match(refused, { status: 429, code: 'rate_limited', message: /costs 672 positions .* of 640 a minute .* ask for fewer outputs/ })
    t.same([refused.headers.get('retry-after'), refused.headers.get('x-should-retry')], [null, 'false'], 'nobody is told to wait for it')
  }
  t.equal((await post(server.url, { ...SMALL, steps: 20 }, ALICE)).status, 200)
  const refused = await failure(server.url, { ...SMALL, steps: 20 }, ALICE)
  t.match(refused, { status: 429, code: 'rate_limited', message: /wait/ })
  t.match(Object.fromEntries(refused.headers), { 'retry-after': /^\d+$/, 'x-ratelimit-limit-positions': '640' })
  t.equal((await post(server.url, { ...SMALL, steps: 20 }, BOB)).status, 200)
})

t.test('an elastic budget is admitted for the most and pays what it took', async (t) => {
  const server = await startTestServer({ positionsPerMinute: MANY })
  t.teardown(server.stop)
  const steps = { min: 1, max: 1024 }
  const answer = await post(server.url, { max_tokens: 8, steps, stop_when_stable: 0.99, seed: 1 })
  const { usage } = await answer.json() as { usage: { network_calls: number } }
  t.ok(usage.network_calls < 1024)
  t.equal(answer.headers.get('x-ratelimit-remaining-positions'), String(MANY - 1024 * 32))
  t.equal(await positionsOf(server), usage.network_calls * 32)
})

t.test('canvases at once are counted while they run, and come back whatever happens', async (t) => {
  const server = await startTestServer({ canvasesAtOnce: 2, maxQueue: 4 })
  t.teardown(server.stop)
  t.match(await failure(server.url, { ...SMALL, n: 3 }), { status: 429, code: 'rate_limited', message: /needs 3 canvases/ })
  const client = new AbortController()
  const running = await post(server.url, { n: 2, steps: 1024, stream: true }, { signal: client.signal })
  await eventsOf(running).next()
  const refused = await failure(server.url, SMALL)
  t.match(refused, { status: 429, code: 'rate_limited', message: /2 of 2 are taken/ })
  t.match(Object.fromEntries(refused.headers), {
    'retry-after': '1', 'x-ratelimit-limit-canvases': '2', 'x-ratelimit-remaining-canvases': '0'
  })
  client.abort()
  await until(async () => (await post(server.url, SMALL)).status === 200)
  t.match(await failure(server.url, { ...SMALL, n: 2, steps: 1024, deadline_ms: 1 }), { status: 422, code: 'deadline_too_short' })
  t.equal((await post(server.url, { ...SMALL, n: 2 })).status, 200)
})

t.test('what the engine refuses costs nothing', async (t) => {
  const server = await startTestServer({ positionsPerMinute: MANY, maxQueue: 2 })
  t.teardown(server.stop)
  const client = new AbortController()
  const running = await post(server.url, { n: 2, steps: 1024, stream: true }, { signal: client.signal })
  const left = Number(running.headers.get('x-ratelimit-remaining-positions'))
  await eventsOf(running).next()
  for (const stream of [false, true]) t.match(await failure(server.url, { ...SMALL, stream }), { status: 429, code: 'queue_full' })
  const refused = await failure(server.url, SMALL)
  t.ok(Number(refused.headers.get('x-ratelimit-remaining-positions')) >= left - 2 * 32)
  client.abort()
})
