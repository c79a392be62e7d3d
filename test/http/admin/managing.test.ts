/** Who may load and unload models, which, and what is seen of it. */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { ADMIN_KEY, administer, load } from '../../support/admin.js'
import { failure, generate } from '../../support/client.js'
import { fixture } from '../../support/engine.js'
import { ask } from '../../support/kserve.js'
import { edit, type Json } from '../../support/model-folder.js'
import { ModelRoot } from '../../support/model-root.js'
import { isAlive } from '../../support/processes.js'
import { startTestServer, type TestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const root = await ModelRoot.create()
t.teardown(() => rm(root.path, { recursive: true }))
const FIRST = await root.put('first', 'tiny-text', { name: 'first' })
await root.put('second', 'tiny-text', { name: 'second' })

async function start (settings: Parameters<typeof startTestServer>[0] = {}): Promise<TestServer> {
  const server = await startTestServer({ modelDirectories: [FIRST], adminKeys: [`ops:${ADMIN_KEY}`], metricsAliases: 'vllm', ...settings })
  t.teardown(server.stop)
  return server
}

async function metrics ({ url }: TestServer): Promise<string> {
  return await (await fetch(`${url}/metrics`)).text()
}

const ROUTES = [
  ['GET', '/admin/models'], ['POST', '/admin/models', { folder: 'second' }], ['DELETE', '/admin/models/first'], ['GET', '/admin/log-level'],
  ['PUT', '/admin/log-level', { level: 'debug' }], ['POST', '/v2/repository/index', {}], ['POST', '/v2/repository/models/second/load', {}],
  ['POST', '/v2/repository/models/first/unload', {}]
] as const

t.test('only an admin may, however the path is written', async (t) => {
  const [open, guarded, ops] = [await start({ adminKeys: [] }), await start({ apiKeys: ['alice:a-key-without-rights'], adminKeys: [] }), await start()]
  const both = await start({ apiKeys: ['alice:a-key-without-rights'] })
  const cases = [
    { server: open, key: '', status: 403, message: /^this server has no admin: set FEWSTEP_ADMIN_KEYS, / },
    { server: guarded, key: '', status: 401, message: /asks for a key/ },
    { server: guarded, key: 'a-key-without-rights', status: 403, message: /^this server has no admin/ },
    { server: ops, key: '', status: 401, message: /asks for a key/ },
    { server: ops, key: 'a-key-without-rights', status: 401, message: /is not known here/ },
    { server: both, key: 'a-key-without-rights', status: 403, message: /^the key that was sent, alice, is not an admin's/ }
  ]
  for (const { server, key, status, message } of cases) {
    for (const [method, path, body] of ROUTES) {
      const answer = await administer(server.url, method, path, body, key)
      const error = path.startsWith('/v2') ? message : { message }
      t.match(answer, { status, body: { error } }, `${method} ${path}`)
    }
    t.equal((await administer(server.url, 'GET', '//admin//models/', undefined, key)).status, status)
    t.same(server.models.names, ['first'])
  }
  t.equal((await generate(ops.url, { max_tokens: 2 })).model, 'first', 'an admin key alone keeps nobody from generating')
  t.equal((await failure(both.url, {})).status, 401)
  await Promise.all([open, guarded, both, ops].map(({ stop }) => stop()))
})

t.test('a model comes and goes', async (t) => {
  const server = await start()
  const { url, models } = server
  /** Models that have series. */
  const labelled = async (): Promise<string[]> => [...new Set([...(await metrics(server)).matchAll(/model(?:_name)?="([^"]*)"/g)].map(([, name = '']) => name))]
  t.match(await load(url, 'second'), { status: 200, body: { change: 'loaded', model: { model: 'second', state: 'ready', requests: 0, hash: /^[\da-f]{64}$/ } } })
  t.match(await load(url, root.folder('second')), { status: 200, body: { change: 'unchanged' } })

  await t.test('nothing is measured for it while others are served', async (t) => {
    const line = server.log.find(({ msg, model }) => msg === 'session workers are ready' && model === 'second')
    t.match(line, { workers: 1, threads: 1, measured: 'of a model that was served' })
  })

  await t.test('it is told of everywhere, and served', async (t) => {
    t.match(await (await fetch(`${url}/v1/models`)).json(), { data: [{ id: 'first' }, { id: 'second' }] })
    t.match(await (await fetch(`${url}/health/ready`)).json(), { models: [{ model: 'first', ready: true }, { model: 'second', ready: true }] })
    t.same((await ask(url, '/models/second/ready')).body, { name: 'second', ready: true })
    t.equal((await generate(url, { max_tokens: 2, steps: 3 })).model, 'first', 'the default stays')
    t.equal((await generate(url, { model: 'second', max_tokens: 4, steps: 3, n: 2 })).model, 'second')
    const text = await metrics(server)
    for (const line of [
      'fewstep_network_calls_total{model="second"} 6', 'fewstep_step_rows_total{model="second"} 6', 'fewstep_ready{model="second"} 1',
      'vllm:num_requests_running{model_name="second"} 0', 'vllm:request_params_n_bucket{le="2",model_name="second"} 1',
      'vllm:time_to_first_token_seconds_count{model_name="second"} 1', 'vllm:request_success_total{model_name="first",finished_reason="stop"} 0'
    ]) t.ok(text.split('\n').includes(line), line)
  })

  await t.test('its counters go on where it is replaced', async (t) => {
    const [pid = 0] = models.get('second')?.engine.workerPids ?? []
    await edit(root.folder('second'), 'manifest.json', (manifest) => { (manifest['defaults'] as Json)['steps'] = 5 })
    t.match(await load(url, 'second'), { status: 200, body: { change: 'replaced' } })
    await until(() => models.draining.length === 0)
    t.notOk(isAlive(pid))
    t.match(await generate(url, { model: 'second', max_tokens: 4 }), { outputs: [{ steps: 5 }] })
    const text = await metrics(server)
    t.match(text, /^fewstep_network_calls_total\{model="second"\} 11$/m)
    t.match(text, /^fewstep_step_rows_total\{model="second"\} 11$/m)
    t.match(text, /^fewstep_draining_models\{model="second"\} 0$/m)
  })

  await t.test('nothing of it is left when it is gone', async (t) => {
    const [pid = 0] = models.get('second')?.engine.workerPids ?? []
    const giveBack = models.get('second')?.lease()
    t.match(await administer(url, 'DELETE', '/admin/models/second'), { status: 200, body: { model: 'second', state: 'draining', requests: 1 } })
    t.match(await failure(url, { model: 'second' }), { status: 404, code: 'model_not_found' })
    t.match(await metrics(server), /^fewstep_step_rows_total\{model="second"\} 11$/m, 'its series end when it does')
    t.ok(isAlive(pid))
    giveBack?.()
    await until(() => models.draining.length === 0)
    t.notOk(isAlive(pid))
    t.same(await labelled(), ['first'])
    t.match(await (await fetch(`${url}/v1/models`)).json(), { data: { length: 1 } })
    t.match(await administer(url, 'DELETE', '/admin/models/second'), { status: 404, body: { error: { code: 'model_not_found' } } })
  })

  await t.test('names that come and go leave no series behind', async (t) => {
    for (const name of ['a/b', 'c']) {
      await root.put('other', 'tiny-text', { name })
      t.match(await load(url, 'other'), { body: { change: 'loaded' } })
      await generate(url, { model: name, max_tokens: 2, steps: 1 })
      t.equal(models.all.length, 2, 'a folder has one model: what was in it before is gone')
    }
    await until(() => models.draining.length === 0)
    t.same(await labelled(), ['first', 'c'])
    await root.put('other', 'tiny-text', { name: 'a/b' })
    await load(url, 'other')
    t.equal((await administer(url, 'DELETE', '/admin/models/a/b')).status, 200)
    await until(() => models.draining.length === 0)
    t.same(await labelled(), ['first'])
  })
})

t.test('the default and the last one may go, too: what is asked is told so', async (t) => {
  const server = await start()
  const { url } = server
  await load(url, 'second')
  t.equal((await administer(url, 'DELETE', '/admin/models/first')).status, 200)
  t.match(await failure(url, {}), { status: 404, code: 'model_not_found', message: /^the model for requests that name none was unloaded; this server runs second: / })
  t.equal((await fetch(`${url}/health/ready`)).status, 200)
  t.equal((await administer(url, 'DELETE', '/admin/models/second')).status, 200)
  t.match(await failure(url, { model: 'second' }), { status: 404, message: /this server runs none now/ })
  const ready = await fetch(`${url}/health/ready`)
  t.match([ready.status, await ready.json()], [503, { error: { code: 'not_ready', message: /^no model is loaded/ } }])
  t.match(await load(url, 'first'), { status: 200, body: { change: 'loaded' } })
  t.equal((await generate(url, { max_tokens: 2 })).model, 'first', 'it is the default again')
})

t.test('what is refused changes nothing', async (t) => {
  const server = await start()
  const { url, models } = server
  const [pid] = models.get('first')?.engine.workerPids ?? []
  const refusals: Array<readonly [what: string, prepare: () => Promise<string>, expected: object]> = [
    ['a damaged graph', async () => {
      await root.put('first', 'tiny-text', { name: 'first' })
      await writeFile(join(FIRST, 'step.onnx'), 'no graph')
      return 'first'
    }, { status: 422, body: { error: { code: 'model_refused', field: 'folder', message: /^\S+\/first\/step\.onnx: it has 8 bytes, the manifest says / } } }],
    ['another model that is damaged', async () => {
      await root.put('first', 'tiny-llada', { name: 'first', algorithm: 'dfm' })
      return FIRST
    }, { status: 422, body: { error: { code: 'model_refused', message: /^\S+\/first\/manifest\.json: algorithm is "?dfm/ } } }],
    ['a manifest of the future', async () => {
      await root.put('first', 'tiny-text', { name: 'first', format_version: 2, algorithm: 'unheard-of' })
      return 'first'
    }, { status: 422, body: { error: { message: /^\S+\/first\/manifest\.json: format_version must be 1, the only format that this version of fewstep reads, not 2$/ } } }],
    ['a model that does not fit', async () => {
      await root.put('large', 'tiny-text', { name: 'large' })
      await edit(root.folder('large'), 'manifest.json', (manifest) => { (manifest['files'] as Record<string, Json>)['step.onnx'] = { sha256: '0'.repeat(64), bytes: 2 ** 50 } })
      return 'large'
    }, { status: 507, body: { error: { code: 'not_enough_memory', message: /^large would take about \d+ MiB .* and \d+ MiB are free; unload one first$/ } } }],
    ['a folder elsewhere', async () => fixture('tiny-llada'), { status: 403, body: { error: { code: 'forbidden', field: 'folder', message: /^folder is not below / } } }],
    ['a folder that is not there', async () => 'nothing', { status: 422, body: { error: { code: 'model_refused', message: /^folder: there is no such folder/ } } }],
    ['a folder without a model', async () => {
      await mkdir(root.folder('empty'))
      return 'empty'
    }, { status: 422, body: { error: { code: 'model_refused', message: /^\S+\/empty\/manifest\.json: there is no such file/ } } }]
  ]
  for (const [what, prepare, expected] of refusals) {
    t.match(await load(url, await prepare()), expected, what)
    t.same(models.names, ['first'])
  }
  for (const folder of ['', 'a\u0000b', 3, undefined]) t.equal((await administer(url, 'POST', '/admin/models', { folder })).status, 400, String(folder))
  t.equal((await administer(url, 'POST', '/admin/models', { folder: 'first', force: true })).status, 400)
  t.equal((await generate(url, { max_tokens: 2 })).model, 'first')
  t.same(models.get('first')?.engine.workerPids, [pid])
  await root.put('first', 'tiny-text', { name: 'first' })
})

t.test("KServe's clients do the same by name", async (t) => {
  const server = await start()
  const { url } = server
  const key = { 'x-api-key': ADMIN_KEY }
  const repository = async (path: string, body: unknown = '{}'): Promise<Awaited<ReturnType<typeof ask>>> => await ask(url, `/repository/${path}`, body, key)
  const index = async (): Promise<unknown[]> => (await repository('index')).body as unknown as unknown[]
  await root.put('folder-of-third', 'tiny-llada', { name: 'third' })
  const of = async (name: string): Promise<unknown> => (await index()).find((entry) => (entry as { name: string }).name === name)
  t.match(await of('first'), { name: 'first', version: '1', state: 'READY', reason: '' })
  t.match(await of('third'), { version: '1', state: 'UNAVAILABLE', reason: 'unloaded' })
  t.same((await repository('models/third/load')).body, {})
  t.match(await of('third'), { state: 'READY' })
  t.equal((await ask(url, '/models/third/generate', { text_input: 'a', parameters: { max_tokens: 2 } })).status, 200)
  t.same((await repository('index', { ready: true })).body, ['first', 'third'].map((name) => ({ name, version: '1', state: 'READY', reason: '' })))
  const giveBack = server.models.get('third')?.lease()
  t.same((await repository('models/third/unload', { parameters: { unload_dependents: false } })).body, {})
  t.match(await of('third'), { state: 'UNLOADING' })
  giveBack?.()
  await until(() => server.models.draining.length === 0)
  t.match(await of('third'), { state: 'UNAVAILABLE' })
  t.match(await repository('models/nobody/load'), { status: 404, body: { error: /^there is no model nobody/ } })
  t.match(await repository('models/third/unload'), { status: 404 })
  t.match(await repository('models/third/load', { parameters: { config: '{}' } }), { status: 400, body: { error: /config/ } })
  await writeFile(join(root.folder('folder-of-third'), 'step.onnx'), 'no graph')
  t.match(await repository('models/third/load'), { status: 422, body: { error: /step\.onnx: it has 8 bytes/ } })
  const bare = await fetch(`${url}/v2/repository/index`, { method: 'POST', headers: key })
  t.equal(bare.status, 200, 'a body may be left out')
  await bare.json()
})

t.test('the level of the log is changed', async (t) => {
  const server = await start({ logLevel: 'info' })
  const { url, log } = server
  const told = (): number => log.filter(({ route }) => route === '/health/live').length
  const live = async (): Promise<void> => { await (await fetch(`${url}/health/live`)).json() }
  t.same((await administer(url, 'GET', '/admin/log-level')).body, { level: 'info' })
  await live()
  t.same((await administer(url, 'PUT', '/admin/log-level', { level: 'debug' })).body, { level: 'debug' })
  await live()
  await until(() => told() === 1)
  t.same((await administer(url, 'PUT', '/admin/log-level', { level: 'info' })).body, { level: 'info' })
  await live()
  t.match(await administer(url, 'PUT', '/admin/log-level', { level: 'loud' }), { status: 400, body: { error: { field: 'level' } } })
  await until(() => log.some(({ route, status }) => route === '/admin/log-level' && status === 400))
  t.equal(told(), 1)
})

t.test('a reload does what the folders say', async (t) => {
  const own = await ModelRoot.create()
  t.teardown(() => rm(own.path, { recursive: true }))
  for (const name of ['a', 'b', 'c']) await own.put(name, 'tiny-text', { name })
  const server = await start({ modelDirectories: [own.folder('b'), own.folder('*')] })
  const { url, models, log } = server
  const last = (msg: string): Record<string, unknown> | undefined => log.filter((line) => line['msg'] === msg).at(-1)
  t.same(models.names, ['b', 'a', 'c'], 'those of a folder by name, each once')
  const [pidOfB] = models.get('b')?.engine.workerPids ?? []

  await own.put('a', 'tiny-llada', { name: 'a' })
  await own.put('d', 'tiny-text', { name: 'd' })
  await rm(own.folder('c'), { recursive: true })
  await server.reload()
  t.match(last('the models were read again'), { loaded: ['d'], replaced: ['a'], unchanged: ['b'], unloaded: ['c'] })
  t.same(models.names, ['b', 'a', 'd'])
  t.same(models.get('b')?.engine.workerPids, [pidOfB], 'what did not change goes on')
  t.equal((await generate(url, { max_tokens: 2 })).model, 'b')

  await writeFile(join(own.folder('b'), 'step.onnx'), 'no graph')
  await own.put('e', 'tiny-text', { name: 'e', algorithm: 'none' })
  await server.reload()
  t.match(last('a model was not loaded: the one before it stays'), { level: 50, model: 'b', reason: /b\/step\.onnx: it has 8 bytes/ })
  t.match(last('a model did not start: the others are served'), { level: 50, model: 'e', reason: /e\/manifest\.json: algorithm must be/ })
  t.same(models.names, ['b', 'a', 'd'])
  t.match(await (await fetch(`${url}/health/ready`)).json(), { models: [{ model: 'b' }, { model: 'a' }, { model: 'd' }, { model: 'e', ready: false }] })
  t.match(await failure(url, { model: 'e' }), { status: 503, code: 'model_failed', message: /did not start, and will not before an operator/ })

  await own.put('e', 'tiny-text', { name: 'e' })
  await own.put('b', 'tiny-text', { name: 'e' })
  await server.reload()
  t.match(last('the models stay as they were'), { reason: /b and \S+e are both named e/ })
  await rm(own.folder('b'), { recursive: true })
  await server.reload()
  t.same(models.names, ['a', 'd', 'e'])
  t.match(await failure(url, {}), { status: 503, code: 'model_failed' }, 'no other takes the place of the first folder')

  await rm(own.folder('a'), { recursive: true })
  await rm(own.folder('d'), { recursive: true })
  await own.put('e', 'tiny-text', { name: 'e', algorithm: 'none' })
  await rm(own.folder('e'), { recursive: true })
  await server.reload()
  t.match(last('the models stay as they were'), { reason: /b\/manifest\.json: there is no such file/ }, 'none would be left')
  t.same(models.names, ['a', 'd', 'e'])
})

t.test('a link is followed where it is turned, but not out of the folders of models', async (t) => {
  const server = await start()
  const { url } = server
  await root.put('v1', 'tiny-text', { name: 'linked' })
  await root.put('v2', 'tiny-llada', { name: 'linked' })
  await symlink('v1', root.folder('current'))
  t.match(await load(url, 'current'), { status: 200, body: { change: 'loaded' } })
  await rm(root.folder('current'))
  await symlink('v2', root.folder('current'))
  t.match(await load(url, 'current'), { status: 200, body: { change: 'replaced' } })
  await symlink(fixture('tiny-text'), root.folder('outside'))
  t.match(await load(url, 'outside'), { status: 403, body: { error: { message: /^folder is a link that leads out of / } } })
})
