import t, { type Test } from 'tap'
import { Fewstep } from '../../src/client/index.js'
import { backoff, retryAfterMs, retryDelay } from '../../src/client/retry.js'
import { answering } from '../support/answering.js'

interface Refusal {
  /** 0: the connection is closed without an answer. */
  readonly status: number
  readonly headers?: Record<string, string>
}

const BUSY = JSON.stringify({ error: { code: 'queue_full', message: 'busy', type: 'rate_limit_error', param: null, request_id: 'r1' } })

/** A server that refuses so often and then lists no models; `asked` counts. */
async function refusing (t: Test, refusals: readonly Refusal[]): Promise<{ readonly url: string, readonly asked: () => number }> {
  let asked = 0
  const url = await answering(t, (_, response) => {
    const refusal = refusals[asked++]
    if (refusal === undefined) response.end('{"object":"list","data":[]}')
    else if (refusal.status === 0) response.destroy()
    else response.writeHead(refusal.status, refusal.headers).end(BUSY)
  })
  return { url, asked: () => asked }
}

const SOON = { 'retry-after-ms': '1' }

t.test('429, 503 and a failed connection are tried again, as often as is allowed', async (t) => {
  const { url, asked } = await refusing(t, [{ status: 429, headers: SOON }, { status: 503, headers: SOON }])
  t.same(await new Fewstep({ baseURL: url }).models(), [])
  t.equal(asked(), 3)
  const closed = await refusing(t, [{ status: 0 }])
  t.same(await new Fewstep({ baseURL: closed.url, maxRetries: 1 }).models(), [])
  t.equal(closed.asked(), 2)
  const never = await refusing(t, Array.from({ length: 9 }, () => ({ status: 429, headers: SOON })))
  await t.rejects(new Fewstep({ baseURL: never.url, maxRetries: 3 }).models(), { name: 'RateLimitError', code: 'queue_full', retryAfterMs: 1 })
  t.equal(never.asked(), 4)
  await t.rejects(new Fewstep({ baseURL: never.url, maxRetries: 0 }).stream().result(), { name: 'RateLimitError' })
  t.equal(never.asked(), 5)
})

t.test('what the server says will not help is not tried again', async (t) => {
  const refusals = [
    { status: 429, headers: { ...SOON, 'x-should-retry': 'false' } }, { status: 503, headers: { 'retry-after': '3600' } }, { status: 500 },
    { status: 400 }
  ]
  for (const refusal of refusals) {
    const { url, asked } = await refusing(t, [refusal])
    const error = await new Fewstep({ baseURL: url }).models().then(() => undefined, (error: unknown) => error)
    t.match(error, { name: /Error$/, status: refusal.status })
    t.equal(asked(), 1, JSON.stringify(refusal))
  }
  const { url, asked } = await refusing(t, [{ status: 500, headers: { ...SOON, 'x-should-retry': 'true' } }])
  t.same(await new Fewstep({ baseURL: url }).models(), [])
  t.equal(asked(), 2)
})

t.test('an abort ends the wait', async (t) => {
  const controller = new AbortController()
  const url = await answering(t, (_, response) => {
    response.writeHead(429, { 'retry-after': '50' }).end(BUSY, () => { setImmediate(() => { controller.abort(new Error('enough')) }) })
  })
  await t.rejects(new Fewstep({ baseURL: url }).models({ signal: controller.signal }), { message: 'enough' })
})

t.test('a stream that breaks off is not begun again', async (t) => {
  let asked = 0
  const step = 'event: step\ndata: {"index":0,"step":1,"steps":2,"t":0.5,"changes":[{"position":0,"token":1,"text":"a"}],"text":"a"}\n\n'
  for (const end of ['end', 'destroy'] as const) {
    const url = await answering(t, (_, response) => {
      asked++
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`: comment\n\n${step}`, () => { response[end]() })
    })
    const seen: string[] = []
    const reading = (async () => { for await (const { type } of new Fewstep({ baseURL: url }).stream()) seen.push(type) })()
    await t.rejects(reading, { name: 'ConnectionError', code: 'stream_broken', status: 200 })
    t.same(seen, ['step'])
  }
  t.equal(asked, 2)
})

t.test('an answer of something else is said to be that', async (t) => {
  const url = await answering(t, (request, response) => {
    if (request.method === 'GET') response.end('<h1>It works!</h1>')
    else response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>')
  })
  const client = new Fewstep({ baseURL: url, maxRetries: 0 })
  await t.rejects(client.models(), { code: 'unexpected_answer', status: 200, message: /It works!/ })
  await t.rejects(client.generate(), { name: 'ServerError', code: 'unexpected_answer', status: 502, message: /Bad gateway/ })
  await t.rejects(client.stream().result(), { code: 'unexpected_answer', status: 502 })
})

t.test('how long to wait', async (t) => {
  const NOW = Date.parse('2026-01-01T00:00:00Z')
  const cases: ReadonlyArray<readonly [Record<string, string>, number | undefined]> = [
    [{}, undefined],
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '2', 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:03 GMT' }, 3000],
    [{ 'retry-after': 'Thu, 01 Jan 2025 00:00:03 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-1' }, undefined]
  ]
  for (const [headers, wanted] of cases) t.equal(retryAfterMs(new Headers(headers), NOW), wanted, JSON.stringify(headers))
  const none = new Headers()
  t.same([0, 1, 2, 9].map((attempt) => backoff(attempt, () => 0)), [500, 1000, 2000, 8000])
  t.equal(backoff(0, () => 1), 375)
  t.equal(retryDelay(503, none, 1, () => 0), 1000)
  t.equal(retryDelay(504, none, 0, () => 0), undefined)
})
