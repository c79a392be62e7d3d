import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { LoadOptions } from '../../src/load/options.js'
import { runLoad } from '../../src/load/run-load.js'

type Handler = (body: Record<string, unknown>, response: ServerResponse) => void

async function bodyOf (request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return JSON.parse(text) as Record<string, unknown>
}

/** A service that answers as the handler says. */
async function serve (t: Test, handler: Handler): Promise<URL> {
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => { handler(body, response) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/generate`)
}

function generationJson ({ max_tokens: tokens, steps }: Record<string, unknown>): string {
  return JSON.stringify({
    object: 'generation',
    outputs: [{ steps }],
    usage: { completion_tokens: tokens },
    timings: { queue_ms: 1, compute_ms: 2, total_ms: 4 }
  })
}

function fail (response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { code, message: `because ${code}` } }))
}

function optionsOf (url: URL, changes: Partial<LoadOptions> = {}): LoadOptions {
  return {
    url,
    loop: { kind: 'open', arrivals: 'uniform', rate: 200 },
    durationS: 0.25,
    warmupS: 0,
    maxTokens: [16],
    steps: [{ min: 8, max: 8 }],
    prompts: [],
    stream: false,
    deadlineMs: undefined,
    timeoutS: 60,
    maxInFlight: 1000,
    seed: 0,
    ...changes
  }
}

t.test('every request of an open loop is sent once and every answer counted', async (t) => {
  const seeds: unknown[] = []
  const url = await serve(t, (body, response) => {
    seeds.push(body.seed)
    // Seeds count from 0, so of each ten requests seven are answered.
    const digit = Number(body.seed) % 10
    if (digit === 7) fail(response, 429, 'queue_full')
    else if (digit === 8) fail(response, 504, 'deadline_exceeded')
    else if (digit === 9) response.destroy()
    else response.end(generationJson(body))
  })
  const report = await runLoad(optionsOf(url))
  t.equal(report.requests, 50)
  t.same(new Set(seeds), new Set(Array.from({ length: 50 }, (_, i) => i)))
  t.match(Object.fromEntries(report.statuses.map(({ status, count }) => [status, count])), { 200: 35, 429: 5, 504: 5, ECONNRESET: 5 })
  t.equal(report.statuses.find(({ status }) => status === '429')?.message, 'because queue_full')
  t.same(report.serverShare, { queue: 0.25, compute: 0.5, between: 0.25 })
  t.equal(report.meanSteps, 8)
})

t.test('arrivals do not wait for answers', async (t) => {
  const held: ServerResponse[] = []
  const url = await serve(t, (body, response) => {
    held.push(response)
    // Nobody is answered before all have asked.
    if (held.length === 50) for (const each of held) each.end(generationJson(body))
  })
  const report = await runLoad(optionsOf(url))
  t.match(report.statuses, [{ status: '200', count: 50 }])
})

t.test('what was sent in the warm-up is not counted', async (t) => {
  let asked = 0
  const url = await serve(t, (body, response) => {
    asked++
    response.end(generationJson(body))
  })
  const report = await runLoad(optionsOf(url, { warmupS: 0.1 }))
  t.equal(asked, 70)
  t.equal(report.requests, 50)
})

t.test('streams are read to their last event', async (t) => {
  const url = await serve(t, (body, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.write(': keep-alive\n\n')
    const cut = Number(body.seed) % 5
    if (cut > 0) {
      response.write('event: step\ndata: {"text":"a')
      response.write(' b"}\n\nevent: step\ndata: {"text":"a b c"}\n\n')
    }
    if (cut === 0) response.write('event: error\ndata: {"error":{"code":"deadline_exceeded","message":"late"}}\n\n')
    else if (cut > 1) response.write(`event: done\ndata: ${generationJson(body)}\n\n`)
    response.end()
  })
  const report = await runLoad(optionsOf(url, { stream: true }))
  const counts = Object.fromEntries(report.statuses.map(({ status, count }) => [status, count]))
  t.match(counts, { 200: 30, deadline_exceeded: 10, cut_short: 10 })
  t.ok(report.firstRefinementMs !== null)
  t.equal(report.meanSteps, 8)
})

t.test('a request without an answer is given up after the timeout, and no more are under way than allowed', async (t) => {
  const url = await serve(t, () => {})
  const report = await runLoad(optionsOf(url, { timeoutS: 2, maxInFlight: 20 }))
  t.match(Object.fromEntries(report.statuses.map(({ status, count }) => [status, count])), { timeout: 20, unsent: 30 })
  t.equal(report.latencyMs, null)
})

t.test('a closed loop has as many requests under way as clients, each of which asks again when it is answered', async (t) => {
  const enough = new AbortController()
  let underway = 0
  let most = 0
  let answered = 0
  const url = await serve(t, (body, response) => {
    most = Math.max(most, ++underway)
    setImmediate(() => {
      underway--
      response.end(generationJson(body))
      if (++answered === 40) enough.abort()
    })
  })
  const report = await runLoad(optionsOf(url, { loop: { kind: 'closed', concurrency: 4 }, durationS: 3600 }), enough.signal)
  t.ok(most <= 4, `${most} at once`)
  t.ok(report.requests >= 40 && report.requests <= 44, `${report.requests} requests`)
})

t.test('many clients of a closed loop who are refused at once wait, and Node warns of nothing', async (t) => {
  const warnings: Error[] = []
  const note = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  const url = await serve(t, (_, response) => { fail(response, 429, 'queue_full') })
  const report = await runLoad(optionsOf(url, { loop: { kind: 'closed', concurrency: 20 } }))
  t.same(report.statuses.map(({ status }) => status), ['429'])
  t.same(warnings, [])
})

t.test('an interrupted run gives up what is under way and says what it has', async (t) => {
  const interrupted = new AbortController()
  const url = await serve(t, (body, response) => {
    if (Number(body.seed) < 10) response.end(generationJson(body))
    else interrupted.abort()
  })
  const report = await runLoad(optionsOf(url, { durationS: 3600 }), interrupted.signal)
  t.match(report.statuses[0], { status: '200', count: 10 })
  t.equal(report.statuses[1]?.status, 'interrupted')
})

t.test('nobody listens: every request says so', async (t) => {
  const url = await serve(t, () => {})
  const closed = new URL(url)
  closed.port = '1'
  const report = await runLoad(optionsOf(closed))
  t.match(report.statuses, [{ status: 'ECONNREFUSED', count: 50 }])
})
