/** Several models behind one address. */
import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import t from 'tap'
import type { ModelList } from '../../../src/http/native/schemas/models.js'
import { readManifest } from '../../../src/model/manifest.js'
import { eventsOf, failure, generate, post } from '../../support/client.js'
import { copyOf } from '../../support/copy.js'
import { editGraph, withoutMetadata } from '../../support/model-folder.js'
import { workersOf } from '../../support/processes.js'
import { startTestServer, TINY_TEXT, type TestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const { defaults } = await readManifest(TINY_TEXT)
const SHORT = await copyOf('tiny-text', { name: 'tiny-short', max_length: 32, defaults: { ...defaults, steps: 3 } })

async function startBoth (settings: Parameters<typeof startTestServer>[0] = {}): Promise<TestServer> {
  return await startTestServer({ modelDirectories: [TINY_TEXT, SHORT], ...settings })
}

async function json (url: string): Promise<{ status: number, body: unknown }> {
  const response = await fetch(url)
  return { status: response.status, body: await response.json() }
}

t.test('two models', async (t) => {
  const server = await startBoth()
  t.teardown(server.stop)
  const { url } = server

  await t.test('are listed, the default first', async (t) => {
    t.match((await json(`${url}/v1/models`)).body, {
      data: [{ id: 'tiny-text', max_length: 64, defaults: { steps: 8 } }, { id: 'tiny-short', max_length: 32, defaults: { steps: 3 } }]
    })
  })

  await t.test('say what may be asked of them', async (t) => {
    const supports = { scoring: true, choices: true, reveal_above: false, block_length: { default: 32, max: 32 }, max_tokens: 8192 }
    t.match((await json(`${url}/v1/models/tiny-text`)).body, { supports })
    t.match((await json(`${url}/v1/models/tiny-short`)).body, { supports: { ...supports, block_length: { default: 16, max: 16 } } })
  })

  await t.test('a request that names none goes to the first, one that names one to that, streams too', async (t) => {
    t.match(await generate(url, { max_tokens: 4 }), { model: 'tiny-text', outputs: [{ steps: 8 }] })
    t.match(await generate(url, { max_tokens: 4, model: 'tiny-text' }), { model: 'tiny-text', outputs: [{ steps: 8 }] })
    t.match(await generate(url, { max_tokens: 4, model: 'tiny-short' }), { model: 'tiny-short', outputs: [{ steps: 3 }] })
    let last
    for await (const event of eventsOf(await post(url, { max_tokens: 4, model: 'tiny-short', stream: true }))) last = event
    t.match(last, { event: 'done', data: { model: 'tiny-short', outputs: [{ steps: 3 }] } })
    t.match(await failure(url, { max_tokens: 9000, model: 'tiny-short' }), { status: 422, code: 'prompt_too_long' })
    await until(() => server.log.filter(({ route }) => route === '/v1/generate').length === 5)
    t.same(server.log.flatMap(({ route, model }) => route === '/v1/generate' ? [model] : []),
      ['tiny-text', 'tiny-text', 'tiny-short', 'tiny-short', 'tiny-short'])
  })

  await t.test('a request that names another gets 404 with the names, and the nearest one', async (t) => {
    const refused = { status: 404, code: 'model_not_found', field: 'model' }
    t.match(await failure(url, { model: 'gpt' }), { ...refused, message: /^there is no model gpt; this server runs tiny-text, tiny-short: / })
    t.match(await failure(url, { model: 'Tiny_Shord' }), { ...refused, message: /did you mean tiny-short\?/ })
  })

  await t.test('metrics tell them apart', async (t) => {
    const text = async (): Promise<string> => await (await fetch(`${url}/metrics`)).text()
    t.match(await text(), /^fewstep_network_calls_total\{model="tiny-short"\} 6$/m)
    t.match(await text(), /^fewstep_network_calls_total\{model="tiny-text"\} 16$/m)
    t.match(await text(), /^fewstep_step_rows_total\{model="tiny-short"\} 6$/m)
    t.match(await text(), /^fewstep_outputs_total\{model="tiny-short",steps_reason="full"\} 2$/m)
    t.match(await text(), /^fewstep_compute_seconds_count\{model="tiny-text"\} 2$/m)
    for (const model of ['tiny-text', 'tiny-short']) t.match(await text(), new RegExp(`^fewstep_ready\\{model="${model}"\\} 1$`, 'm'))
  })

  await t.test('have a queue each: one that is full refuses nobody at the other', async (t) => {
    const small = await startBoth({ maxQueue: 2 })
    t.teardown(small.stop)
    const client = new AbortController()
    await eventsOf(await post(small.url, { n: 2, steps: 1024, stream: true }, { signal: client.signal })).next()
    t.match(await failure(small.url, {}), { status: 429, code: 'queue_full' })
    t.equal((await generate(small.url, { model: 'tiny-short', n: 2, max_tokens: 2 })).outputs.length, 2)
    client.abort()
  })
})

t.test('a model whose worker died is not ready until it is replaced, and the other is served meanwhile', async (t) => {
  const server = await startBoth()
  t.teardown(server.stop)
  const { url } = server
  const [pid = 0] = server.models.get('tiny-short')?.engine.workerPids ?? []
  process.kill(pid, 'SIGKILL')
  await until(() => server.models.get('tiny-short')?.engine.stats().workers.ready === 0)
  t.match(await json(`${url}/health/ready`), { status: 200, body: { models: [{ model: 'tiny-text', ready: true }, { model: 'tiny-short', ready: false }] } })
  t.match(await json(`${url}/health/ready?model=tiny-short`), { status: 503, body: { error: { code: 'not_ready', message: /worker of tiny-short is/ } } })
  t.equal((await generate(url, { max_tokens: 2, steps: 1 })).model, 'tiny-text')
  await until(async () => (await json(`${url}/health/ready?model=tiny-short`)).status === 200)
})

t.test('a stop finishes what runs on each model, and leaves no worker behind', async (t) => {
  const server = await startBoth()
  t.teardown(server.stop)
  const pids = server.models.all.flatMap(({ engine }) => engine.workerPids)
  t.equal(pids.length, 2)
  // Standing still until both are in: else the first may be gone when the second comes.
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  const running = ['tiny-text', 'tiny-short'].map((model) => generate(server.url, { model, steps: 300, max_tokens: 8 }))
  await until(() => server.models.all.every(({ engine }) => engine.stats().generations === 1))
  for (const pid of pids) process.kill(pid, 'SIGCONT')
  const stopped = server.stop()
  await t.rejects(generate(server.url, { model: 'tiny-short' }), 'nobody connects any more')
  t.match(await Promise.all(running), [{ model: 'tiny-text' }, { model: 'tiny-short' }])
  await stopped
  for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
})

t.test('two models of one name are refused, and both folders named', async (t) => {
  const twin = await copyOf('tiny-text')
  await t.rejects(startTestServer({ modelDirectories: [TINY_TEXT, SHORT, twin] }), { message: `${TINY_TEXT} and ${twin} are both named tiny-text` })
})

/** A folder that is no model: its graph is another one than was hashed, or, as only a worker finds, does not what its manifest says. */
const DAMAGED = await copyOf('tiny-text', { name: 'damaged' })
await writeFile(join(DAMAGED, 'step.onnx'), 'no graph')
const CONTRADICTED = await copyOf('tiny-llada', { name: 'contradicted', algorithm: 'dfm' })
await editGraph(CONTRADICTED, withoutMetadata)
const NAMELESS = await copyOf('tiny-text', { name: '' })

t.test('where a model does not start, the others serve, and it is told of everywhere', async (t) => {
  const server = await startTestServer({ modelDirectories: [TINY_TEXT, DAMAGED, CONTRADICTED, NAMELESS] })
  t.teardown(server.stop)
  const { url } = server
  t.equal((await generate(url, { max_tokens: 2 })).model, 'tiny-text')
  const reasons = {
    damaged: /step\.onnx: it has 8 bytes, /,
    contradicted: /step\.onnx: a trial step /,
    [basename(NAMELESS)]: /manifest\.json: name must be /
  }
  const failed = Object.entries(reasons).map(([model, error]) => ({ model, ready: false, error }))
  for (const [model, reason] of Object.entries(reasons)) {
    const [line, ...more] = server.log.filter((each) => each['model'] === model && each['level'] === 50)
    t.match(line, { reason, msg: 'a model did not start: the others are served' })
    t.same(more, [], 'one line')
    t.match(await failure(url, { model }), { status: 503, code: 'model_failed', field: 'model', message: /did not start.* runs tiny-text:/ })
    t.match(await json(`${url}/health/ready?model=${model}`), { status: 503, body: { error: { code: 'model_failed', message: reason } } })
  }
  t.match(await failure(url, { model: 'gpt' }), { status: 404, message: /this server runs tiny-text: name one of them, or leave model out/ })
  const { data } = (await json(`${url}/v1/models`)).body as ModelList
  t.same(data.map(({ id }) => id), ['tiny-text'], 'only what can be asked is listed')
  t.match(await json(`${url}/health/ready`), { status: 200, body: { models: [{ model: 'tiny-text', ready: true }, ...failed] } })
  t.match(await (await fetch(`${url}/metrics`)).text(), /^fewstep_ready\{model="damaged"\} 0$/m)
  t.equal((await workersOf(process.pid)).length, 1)
})

t.test('where the default model does not start, no other takes its place', async (t) => {
  const server = await startTestServer({ modelDirectories: [DAMAGED, TINY_TEXT], readyWhen: 'all' })
  t.teardown(server.stop)
  const { url } = server
  const message = /^damaged did not start, .* runs tiny-text: name one of them in model$/
  const says = { status: 503, code: 'model_failed', field: 'model', message }
  t.match(await failure(url, {}), says)
  t.match(await failure(url, { stream: true }), says)
  t.match((await failure(url, { model: 'gpt' })).message, /this server runs tiny-text: name one of them$/)
  t.equal((await generate(url, { model: 'tiny-text', max_tokens: 2 })).model, 'tiny-text')
  const notReady = { code: 'model_failed', message: /^damaged did not start: / }
  t.match(await json(`${url}/health/ready`), { status: 503, body: { error: notReady } })
  t.equal((await json(`${url}/health/ready?model=tiny-text`)).status, 200)
})

t.test('where none starts there is a sentence for each, and no worker is left', async (t) => {
  const starting = startTestServer({ modelDirectories: [DAMAGED, CONTRADICTED] })
  await t.rejects(starting, { message: /^\S*step\.onnx: it has 8 bytes, [^\n]*\n\S*step\.onnx: a trial step [^\n]*$/ })
  t.same(await workersOf(process.pid), [])
})
