/** Traces of the real service in a process of its own, taken by OTLP. */
import t from 'tap'
import { startCollector, type TakenSpan } from './support/collector.js'
import { signal, workersOf } from './support/processes.js'
import { listening, startProcess } from './support/service-process.js'
import { MAX_STEP_SPANS } from '../src/tracing/spans.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const json = { 'content-type': 'application/json' }

const collector = await startCollector()
t.teardown(collector.close)
const service = startProcess({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test'
})
t.teardown(() => { service.kill() })
const url = await listening(service)

async function post (path: string, body: unknown, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })
  return await answer.text()
}

/** The span of a request and those in it, once they are there. */
async function traceOf (is: (span: TakenSpan) => boolean): Promise<{ root: TakenSpan, queue: TakenSpan[], steps: TakenSpan[] }> {
  await collector.until((spans) => spans.some(is))
  const root = collector.spans.find(is)
  if (root === undefined) throw new Error('it was there')
  const inIt = collector.spans.filter(({ parentSpanId }) => parentSpanId === root.spanId)
  return { root, queue: inIt.filter(({ name }) => name === 'queue'), steps: inIt.filter(({ name }) => name === 'step') }
}

t.test('a generation is a span of its caller\'s trace; its wait and its steps are in it, with numbers and no text', async (t) => {
  await post('/v1/generate', { prompt: 'The hen', max_tokens: 8, steps: 3, n: 2, seed: 1 }, { traceparent: `00-${TRACE}-${PARENT}-01` })
  const { root, queue, steps } = await traceOf(({ parentSpanId }) => parentSpanId === PARENT)
  t.equal(root.traceId, TRACE)
  t.match(root, {
    name: 'text_completion tiny-text',
    attributes: {
      'gen_ai.operation.name': 'text_completion',
      'gen_ai.provider.name': 'fewstep',
      'gen_ai.response.model': 'tiny-text',
      'gen_ai.usage.input_tokens': Number,
      'gen_ai.usage.output_tokens': 16,
      'http.route': '/v1/generate',
      'http.response.status_code': 200,
      'fewstep.network_calls': 6,
      'fewstep.stream': false
    },
    resource: { 'service.name': 'fewstep', 'service.version': String, 'deployment.environment.name': 'test' }
  })
  t.equal(queue.length, 1)
  t.same(steps.map(({ attributes }) => [attributes['fewstep.output'], attributes['fewstep.step']].join(' ')).sort((a, b) => a.localeCompare(b)), ['0 1', '0 2', '0 3', '1 1', '1 2', '1 3'])
  for (const { attributes } of steps) {
    t.match(attributes, { 'fewstep.block': 0, 'fewstep.steps': 3, 'fewstep.batch.rows': Number, 'fewstep.batch.padded_length': 32, 'fewstep.worker.pid': Number })
  }
  for (const span of [...queue, ...steps]) t.ok(span.begin >= root.begin && span.end <= root.end && span.begin <= span.end, `${span.name} is within its request`)
  t.notMatch(JSON.stringify(collector.spans, (_, value: unknown) => typeof value === 'bigint' ? String(value) : value), /The hen/)
  t.match(service.output.stdout, new RegExp(`"trace_id":"${TRACE}"`), 'the log names the trace')
})

t.test('a stream\'s span lasts to its end; of a long one not every step is shown', async (t) => {
  await post('/v1/generate', { max_tokens: 4, steps: 1024, stream: true, seed: 1 })
  const { root, steps } = await traceOf(({ attributes }) => attributes['fewstep.stream'] === true)
  t.equal(steps.length, MAX_STEP_SPANS)
  t.equal(root.attributes['fewstep.steps_not_shown'], 1024 - MAX_STEP_SPANS)
  t.ok(steps.every(({ end }) => end <= root.end))
})

t.test('chats and scorings are named as they are, and what fails says why', async (t) => {
  await post('/v1/chat/completions', { model: 'tiny-text', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 4, seed: 1 })
  t.match((await traceOf(({ name }) => name === 'chat tiny-text')).root.attributes, { 'http.response.status_code': 200 })
  await post('/v1/generate', { prompt: 'x'.repeat(5000) })
  const { root } = await traceOf(({ attributes }) => attributes['error.type'] !== undefined)
  t.match(root.attributes, { 'error.type': /^[a-z_]+$/, 'http.response.status_code': 422 })
})

t.test('a step that is run again is an event', async (t) => {
  const answer = post('/v1/generate', { max_tokens: 8, steps: 700, seed: 2 })
  await collector.until(() => collector.spans.some(({ attributes }) => attributes['fewstep.steps'] === 700))
  const [worker] = await workersOf(service.pid ?? 0)
  signal(worker, 'SIGKILL')
  await answer
  const { root } = await traceOf(({ attributes }) => attributes['fewstep.network_calls'] === 700)
  t.match(root, { events: ['step failed, run again'], attributes: { 'fewstep.retries': 1, 'http.response.status_code': 200 } })
})

t.test('what is left is sent when the service stops', async (t) => {
  const slow = await startCollector()
  t.teardown(slow.close)
  const child = startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: slow.url, OTEL_BSP_SCHEDULE_DELAY: '600000' })
  const address = await listening(child)
  await (await fetch(`${address}/v1/generate`, { method: 'POST', headers: json, body: JSON.stringify({ max_tokens: 4, steps: 2 }) })).text()
  child.kill('SIGTERM')
  await slow.until((spans) => spans.length === 4)
  t.same(new Set(slow.spans.map(({ name }) => name)), new Set(['queue', 'step', 'step', 'text_completion tiny-text']))
})

t.test('a collector that is away costs a line in the log, not a request', async (t) => {
  const child = startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_BSP_SCHEDULE_DELAY: '10', OTEL_EXPORTER_OTLP_TIMEOUT: '100' })
  t.teardown(() => { child.kill() })
  const address = await listening(child)
  const answer = await fetch(`${address}/v1/generate`, { method: 'POST', headers: json, body: JSON.stringify({ max_tokens: 4, steps: 2 }) })
  t.equal(answer.status, 200)
  while (!child.output.stdout.includes('spans could not be sent')) await new Promise((resolve) => child.stdout.once('data', resolve))
})

t.test('a wrong address is said at start', async (t) => {
  const child = startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' })
  await new Promise((resolve) => child.once('close', resolve))
  t.equal(child.exitCode, 1)
  t.match(child.output.stderr, /OTEL_EXPORTER_OTLP_ENDPOINT must be a URL as in http:\/\/127\.0\.0\.1:4318, not "collector:4318"/)
})
