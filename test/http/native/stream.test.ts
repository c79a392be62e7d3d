import { once } from 'node:events'
import t from 'tap'
import { post, eventsOf, generate, rawRequest, type StreamedEvent } from '../../support/client.js'
import { startTestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const server = await startTestServer()
t.teardown(server.stop)
const { url } = server

async function collect (body: object): Promise<StreamedEvent[]> {
  const events = []
  for await (const event of eventsOf(await post(url, { ...body, stream: true }))) events.push(event)
  return events
}

t.test('what a client assembles from the changes is the text, at every step and at the end', async (t) => {
  const requests = [
    { prompt: 'The cat', max_tokens: 30, n: 3 },
    { prompt: '', max_tokens: 60, stop: ['e', 'o'], steps: 16 },
    { template: 'A [[8]] ü [[3]]!', n: 2, solver: 'euler_exact' },
    { template: 'A [[8]] ü [[3]]!', n: 2, stop: ['a', 'e', 'i', 'o', 'u'].slice(1) },
    { prompt: 'The cat ', max_tokens: 12, n: 3 },
    { schedule: 'geometric', temperature: 0.7, top_k: 20, top_p: 0.9 }
  ]
  for (const request of requests) {
    const pieces: string[][] = Array.from({ length: request.n ?? 1 }, () => [])
    const steps: number[] = []
    for (const { event, data } of await collect({ ...request, seed: 3 })) {
      if (event === 'step') {
        for (const { position, text } of data.changes) (pieces[data.index] ?? [])[position] = text
        t.equal(pieces[data.index]?.join(''), data.text)
        steps.push(data.step)
      } else if (event === 'done') {
        for (const { index, text } of data.outputs) t.equal(pieces[index]?.join(''), text)
        steps.push(Infinity)
      } else {
        t.fail('the stream failed')
      }
    }
    t.equal(steps.at(-1), Infinity, 'done comes last')
  }
})

t.test('a text longer than the canvas goes on block after block, with positions of the whole text', async (t) => {
  const request = { prompt: 'The cat', max_tokens: 100, steps: 2, seed: 3, stop: ['~~~'], timeline: true, priority: -3 }
  const pieces: string[] = []
  const steps: unknown[] = []
  for (const { event, data } of await collect(request)) {
    if (event === 'step') {
      for (const { position, text } of data.changes) pieces[position] = text
      t.equal(pieces.join(''), data.text)
      steps.push([data.step, data.block, data.blocks])
    } else if (event === 'done') {
      t.equal(pieces.join(''), data.outputs[0]?.text)
      const blocks = data.outputs[0]?.blocks ?? 0
      t.same(steps, Array.from({ length: 2 * blocks }, (_, i) => [i + 1, Math.floor(i / 2), 4]))
      t.same((await generate(url, request)).outputs, data.outputs)
    }
  }
  t.notOk('blocks' in ((await generate(url, { max_tokens: 8 })).outputs[0] ?? {}), 'a text that is made at once says nothing of blocks')
})

t.test('the last event has the same body as the plain answer', async (t) => {
  const request = { prompt: 'The', max_tokens: 10, seed: 8, timeline: true, confidence: true, n: 2 }
  const last = (await collect(request)).at(-1)
  const plain = await generate(url, request)
  t.equal(last?.event, 'done')
  t.same(Object.keys(last?.data ?? {}), Object.keys(plain))
  t.match(last?.data, { object: 'generation', model: plain.model, outputs: plain.outputs, usage: plain.usage })
})

t.test('a bare client that only asks for an event stream sees eight refinements', async (t) => {
  const socket = await rawRequest(url, { prompt: 'Once', max_tokens: 20 }, ['accept: text/event-stream', 'connection: close'])
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  await once(socket, 'close')
  const [head = ''] = text.split('\r\n\r\n', 1)
  t.match(head, /^HTTP\/1\.1 200 /)
  t.match(head, /content-type: text\/event-stream; charset=utf-8/)
  t.match(head, /cache-control: no-cache/)
  t.match(head, /x-accel-buffering: no/)
  t.equal(text.match(/^event: step$/gm)?.length, 8)
  t.equal(text.match(/^event: done$/gm)?.length, 1)
  t.same([...text.matchAll(/"step":(\d)/g)].map((match) => match[1]), ['1', '2', '3', '4', '5', '6', '7', '8'])
})

t.test('"stream": false is stronger than an Accept header', async (t) => {
  const response = await post(url, { steps: 1, max_tokens: 1, stream: false }, { headers: { accept: 'text/event-stream' } })
  t.match(response.headers.get('content-type'), /^application\/json/)
  await response.text()
})

t.test('a stream that waits for its first refinement is kept alive by comments', async (t) => {
  const server = await startTestServer({ sseKeepaliveMs: 1 })
  t.teardown(server.stop)
  const busy = generate(server.url, { n: 16, steps: 60, seed: 1 })
  while (server.engine.stats().runningRows === 0) await new Promise(setImmediate)
  const text = await (await post(server.url, { max_tokens: 4, steps: 2, stream: true })).text()
  t.match(text, /^: keep-alive\n\n/)
  t.match(text, /\n\nevent: done\n/)
  await busy
})

t.test('the headers of a stream come at once, however long its first refinement takes', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const [worker = 0] = server.engine.workerPids
  process.kill(worker, 'SIGSTOP')
  const response = await post(server.url, { max_tokens: 4, steps: 2, stream: true })
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^text\/event-stream/)
  process.kill(worker, 'SIGCONT')
  t.match(await response.text(), /^event: step\n[^]*event: done\n/)
})

t.test('a stream that fails says so, and is counted and logged by what became of it', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const [worker = 0] = server.engine.workerPids
  process.kill(worker, 'SIGSTOP')
  const response = await post(server.url, { max_tokens: 4, steps: 2, deadline_ms: 20, stream: true })
  t.equal(response.status, 200)
  t.match(await response.text(), /^event: error\ndata: .*"code":"deadline_exceeded"/)
  t.equal((await post(server.url, { max_tokens: 4, steps: 2, deadline_ms: 20 })).status, 504, 'as it would without a stream')
  process.kill(worker, 'SIGCONT')
  await until(() => server.log.filter(({ route }) => route === '/v1/generate').length === 2)
  t.match(server.log.find(({ route }) => route === '/v1/generate'), { status: 504, error: 'deadline_exceeded', stream: true })
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  t.match(metrics, /^fewstep_http_requests_total\{method="POST",route="\/v1\/generate",status="504"\} 2$/m)
  t.match(metrics, /^fewstep_generations_total\{model="tiny-text",outcome="deadline_exceeded"\} 2$/m)
})

t.test('generations are counted by how they end, as streams and as whole answers', async (t) => {
  const server = await startTestServer({ maxQueue: 2 })
  t.teardown(server.stop)
  const counts = async (): Promise<Record<string, number>> => {
    const text = await (await fetch(`${server.url}/metrics`)).text()
    const lines = text.matchAll(/^fewstep_generations_total\{model="tiny-text",outcome="(\w+)"\} (\d+)$/gm)
    return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]))
  }
  t.match(await counts(), { completed: 0, cancelled: 0, deadline_exceeded: 0, queue_full: 0, draining: 0, inference_failed: 0 })
  for (const stream of [false, true]) {
    const short = { max_tokens: 2, steps: 1, stream }
    await (await post(server.url, short)).text()
    const leaving = new AbortController()
    const long = post(server.url, { n: 2, steps: 1024, stream }, { signal: leaving.signal }).then(async (response) => await response.text())
    await until(() => server.engine.stats().runningRows > 0)
    await (await post(server.url, short)).text()
    leaving.abort()
    await t.rejects(long)
    await until(() => server.engine.stats().generations === 0)
  }
  await until(async () => (await counts())['cancelled'] === 2)
  t.match(await counts(), { completed: 2, cancelled: 2, deadline_exceeded: 0, queue_full: 2, draining: 0, inference_failed: 0 })
})
