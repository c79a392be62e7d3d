/** Health, metadata and errors of the KServe routes. */
import t from 'tap'
import { fixture } from '../../support/engine.js'
import { ask } from '../../support/kserve.js'
import { RawConnection } from '../../support/raw-connection.js'
import { startTestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const server = await startTestServer({ modelDirectories: [fixture('tiny-text'), fixture('tiny-llada')], bodyLimit: 4096 })
t.teardown(server.stop)
const { url } = server

t.test('the server says what it is', async (t) => {
  t.match(await ask(url, ''), {
    status: 200, body: { name: 'fewstep', version: /^\d+\.\d+\.\d+/, extensions: ['generate', 'parameters', 'binary_tensor_data', 'model_repository'] }
  })
})

t.test('server and models are live and ready', async (t) => {
  t.strictSame((await ask(url, '/health/live')).body, { live: true })
  t.strictSame((await ask(url, '/health/ready')).body, { ready: true })
  for (const name of ['tiny-text', 'tiny-llada']) {
    t.strictSame((await ask(url, `/models/${name}/ready`)).body, { name, ready: true })
    t.strictSame((await ask(url, `/models/${name}/versions/1/ready`)).body, { name, ready: true })
  }
})

t.test('every model has the same tensors, with and without its version', async (t) => {
  for (const [name, own] of [
    ['tiny-text', { algorithm: 'fs-dfm', reveal_above: 'false' }],
    ['tiny-llada', { algorithm: 'llada', reveal_above: 'true' }]
  ] as const) {
    const { status, body } = await ask(url, `/models/${name}`)
    t.equal(status, 200)
    t.strictSame(body, {
      name,
      versions: ['1'],
      platform: 'fewstep_onnx',
      properties: { max_length: '64', choices: 'true', max_block_length: '32', ...own },
      inputs: [{ name: 'text_input', datatype: 'BYTES', shape: [1] }],
      outputs: [
        { name: 'text_output', datatype: 'BYTES', shape: [-1] },
        { name: 'finish_reason', datatype: 'BYTES', shape: [-1] },
        { name: 'seed', datatype: 'INT64', shape: [-1] },
        { name: 'steps', datatype: 'INT32', shape: [-1] }
      ]
    })
    t.strictSame((await ask(url, `/models/${name}/versions/1`)).body, body)
  }
})

t.test('whatever is refused is one sentence', async (t) => {
  const INFER = { inputs: [{ name: 'text_input', shape: [1], datatype: 'BYTES', data: ['a'] }] }
  const deep = `{"text_input":${'['.repeat(1500)}`
  const cases: Array<[path: string, body: unknown, status: number, error: RegExp]> = [
    ['/models/tiny-test', undefined, 404, /^there is no model tiny-test; did you mean tiny-text\? .*: name one of them$/],
    ['/models/tiny-text/versions/2', undefined, 404, /^there is no version 2 of tiny-text: ask for 1/],
    ['/models/tiny-text/versions/2/ready', undefined, 404, /^there is no version 2/],
    [`/models/${'x'.repeat(128)}/ready`, undefined, 404, /^there is no model x{64};/],
    ['/models/none/infer', INFER, 404, /^there is no model none/],
    ['/models/none/generate', { text_input: 'a' }, 404, /^there is no model none/],
    ['/models', undefined, 404, /^there is nothing at GET \/v2\/models;/],
    ['/models/%zz/ready', undefined, 400, /^the path is not a valid URL path/],
    ['/models/%ff/generate', { text_input: 'a' }, 400, /^the path is not a valid URL path/],
    [`/models/${'x'.repeat(300)}/infer`, INFER, 404, /^there is nothing at this path: a name in it is longer/],
    ['/models/tiny-text/generate', undefined, 405, /takes POST, not GET$/],
    ['/models/tiny-text/generate', '', 400, /must be a JSON object/],
    ['/models/tiny-text/generate', '{"text_input":', 400, /^the request body is not valid JSON$/],
    ['/models/tiny-text/generate', deep, 400, /^the request body is not valid JSON$/],
    ['/models/tiny-text/generate', { text_input: 'a'.repeat(4096) }, 413, /larger than the limit of 4096 bytes/],
    ['/models/tiny-text/generate', Buffer.from('{"text_input":"\xff"}', 'latin1'), 400, /not valid UTF-8/],
    ['/models/tiny-text/generate', { parameters: {} }, 400, /^text_input is missing$/],
    ['/models/tiny-text/generate', { text_input: 3 }, 400, /^text_input must be a string$/],
    ['/models/tiny-text/generate', { text_input: '', parameters: { step: 4 } }, 400, /no field step in parameters; did you mean steps\?$/],
    ['/models/tiny-text/generate', { text_input: '', parameters: { steps: 1025 } }, 400, /^parameters\[steps\] must be at most 1024$/],
    ['/models/tiny-text/generate', { text_input: '', parameters: { n: 2 } }, 400, /^there is no field n in parameters/],
    ['/models/tiny-text/generate', { text_input: 'x', parameters: { max_tokens: 9999 } }, 422, /^max_tokens is 9999/],
    ['/models/tiny-text/generate', { text_input: 'x', parameters: { template: true } }, 422, /^text_input: template has no gap/],
    ['/models/tiny-text/generate', { text_input: '\ud800' }, 400, /^text_input: prompt holds half of a surrogate pair/],
    ['/models/tiny-llada/generate', { text_input: '', parameters: { solver: 'euler' } }, 422, /^tiny-llada takes no solver/]
  ]
  for (const [path, body, status, error] of cases) {
    const answer = await ask(url, path, body)
    t.match(answer, { status, body: { error } }, `${path} ${JSON.stringify(body)?.slice(0, 60)}`)
    t.same(Object.keys(answer.body), ['error'])
    t.ok(answer.headers.get('x-request-id'))
  }
})

t.test('so is a preflight that no page may send, and a path with a slash too many', async (t) => {
  for (const [method, path] of [['OPTIONS', '/v2/health/live'], ['GET', '//v2/models/%zz'], ['GET', '//v2//nope']] as const) {
    const response = await fetch(url + path, { method })
    t.ok(response.status >= 400, `${method} ${path}`)
    t.match(await response.json(), { error: /^\S+ / })
  }
})

t.test('a body that is compressed is refused, whatever the route would make of it', async (t) => {
  t.match(await ask(url, '/models/tiny-text/generate', { text_input: '' }, { 'content-encoding': 'gzip' }), {
    status: 415, body: { error: /send it uncompressed/ }
  })
})

t.test('health is logged for those who look for it, generations for all', async (t) => {
  await ask(url, '/models/tiny-text/generate', { text_input: 'Secret', parameters: { max_tokens: 2, steps: 1 } })
  await until(() => server.log.some(({ route, status }) => route === '/v2/models/:name/generate' && status === 200))
  t.notOk(server.log.some(({ route }) => /ready|live/.test(String(route))))
  t.notMatch(JSON.stringify(server.log), /Secret/)
})

t.test('a model whose worker died is not ready, and says when to ask again', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const [worker = 0] = server.engine.workerPids
  process.kill(worker, 'SIGKILL')
  await until(() => server.engine.stats().workers.ready === 0)
  const answer = await ask(server.url, '/models/tiny-text/ready')
  t.match(answer, { status: 503, body: { error: /^no session worker of tiny-text is ready/ } })
  t.equal(answer.headers.get('retry-after'), '3')
})

t.test('a server that was told to stop is not ready, and says so in one sentence', async (t) => {
  const server = await startTestServer({ drainGraceMs: 3_600_000 })
  t.teardown(() => server.stop({ grace: false }))
  void server.stop()
  for (const path of ['/health/ready', '/models/tiny-text/ready']) {
    t.strictSame((await ask(server.url, path)).body, { error: 'the server is shutting down; send the request to another replica' })
  }
  t.equal((await ask(server.url, '/health/live')).status, 200)
})

t.test('a request that never comes whole is refused in one sentence when the server stops', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const upload = await RawConnection.open(server.url)
  upload.send('POST /v2/models/tiny-text/generate HTTP/1.1\r\nhost: test\r\ncontent-length: 200\r\nexpect: 100-continue\r\n\r\n{')
  await upload.see(/100 Continue\r\n\r\n/)
  await server.stop()
  await upload.ended
  t.match(upload.received, /HTTP\/1\.1 503 [^]*\{"error":"the server is shutting down; send the request to another replica"\}$/)
})
