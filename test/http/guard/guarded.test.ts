/** A service with keys: who is let in, and what is told of them. */
import { mkdtemp, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { keyLine, makeKey } from '../../../src/http/guard/key-line.js'
import { failure, generate, post } from '../../support/client.js'
import { RawConnection, requestText } from '../../support/raw-connection.js'
import { startTestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const [ALICE, BOB] = [makeKey(), makeKey()]
const WITH_ALICE = { headers: { 'x-api-key': ALICE } }
const SMALL = { max_tokens: 4, steps: 1, seed: 1 }

const server = await startTestServer({ apiKeys: [`alice:${ALICE}`, `bob:${BOB}`], failedKeysPerMinute: 1000, logLevel: 'debug' })
t.teardown(server.stop)

t.test('a right key is let in, in either header', async (t) => {
  const right: Array<Record<string, string>> = [
    { authorization: `Bearer ${ALICE}` }, { authorization: `bearer  ${ALICE}` }, { 'x-api-key': ALICE }, { 'X-Api-Key': BOB }
  ]
  for (const headers of right) {
    t.equal((await post(server.url, SMALL, { headers })).status, 200, Object.keys(headers).join())
  }
})

t.test('no key, or a wrong one, is 401 before the body is looked at, and says which header to send', async (t) => {
  const wrong: Array<Record<string, string>> = [
    {}, { authorization: `Basic ${ALICE}` }, { authorization: 'Bearer' }, { authorization: `Bearer ${ALICE}x` }, { 'x-api-key': '' },
    { 'x-api-key': 'alice' }, { 'x-api-key': ALICE.slice(0, -1) }, { authorization: `Bearer ${BOB}x`, 'x-api-key': ALICE }
  ]
  for (const headers of wrong) {
    const refused = await failure(server.url, '{"bad json', { headers })
    t.match(refused, { status: 401, code: 'invalid_api_key', message: /authorization: Bearer KEY/ }, JSON.stringify(Object.keys(headers)))
    t.equal(refused.headers.get('www-authenticate'), 'Bearer')
    t.equal(refused.headers.get('x-request-id'), refused.request_id)
  }
})

t.test('every route asks for a key but health, metrics and the pages', async (t) => {
  const { paths } = await (await fetch(`${server.url}/openapi.json`)).json() as { paths: Record<string, Record<string, unknown>> }
  const open = new Set(['/health', '/health/live', '/health/ready', '/metrics', '/v2/health/live', '/v2/health/ready'])
  t.ok(Object.keys(paths).length >= 5)
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of Object.keys(operations)) {
      const { status } = await fetch(`${server.url}${path}`, { method: method.toUpperCase() })
      t.equal(status, open.has(path) ? 200 : 401, `${method} ${path}`)
    }
  }
  for (const path of ['/', '/docs', '/docs/', '/docs/api', '/docs/reference/', '/docs/reference/static/swagger-ui.css', '/docs/reference/json', '/docs/json', '/openapi.json']) {
    t.equal((await fetch(`${server.url}${path}`)).status, 200, path)
  }
  t.equal((await fetch(`${server.url}/v1/models`, { method: 'HEAD' })).status, 401)
})

t.test('however the path of a route is written, it is the route that is guarded', async (t) => {
  const status = async (path: string, headers: Record<string, string> = {}): Promise<number | undefined> => {
    const connection = await RawConnection.open(server.url)
    connection.send(requestText('GET', path, { headers: { connection: 'close', ...headers } }))
    return (await connection.responses())[0]?.status
  }
  for (const path of ['//v1/models', '/v1//models', '/v1/models/', '/v1/models//', '/%761/models', '/v1/models?x=/health/live']) {
    t.equal(await status(path), 401, path)
    t.equal(await status(path, { 'x-api-key': BOB }), 200, path)
  }
  const detours = ['/v1/models;/docs', '/health/../v1/models', '/docs/../v1/models', '/docs/reference/static/../../../v1/models', '/docs/%2e%2e/v1/models']
  for (const path of detours) {
    t.not(await status(path), 200, path)
  }
})

t.test('what does not exist is 404 and 405, with a key and without', async (t) => {
  for (const headers of [{}, { 'x-api-key': ALICE }]) {
    t.equal((await fetch(`${server.url}/nope`, { headers: headers as Record<string, string> })).status, 404)
    t.equal((await fetch(`${server.url}/v1/generate`, { headers: headers as Record<string, string> })).status, 405)
  }
})

t.test('logs and metrics have the name of the key, and never the key', async (t) => {
  await post(server.url, SMALL, WITH_ALICE)
  await failure(server.url, SMALL, { headers: { 'x-api-key': `${ALICE}x` } })
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  t.match(metrics, /^fewstep_key_requests_total\{key="alice"\} \d+$/m)
  t.match(metrics, /^fewstep_key_positions_total\{key="alice"\} \d+$/m)
  t.match(metrics, /^fewstep_refused_total\{key="none",reason="key"\} \d+$/m)
  const lines = server.log.filter(({ msg }) => msg === 'request')
  t.ok(lines.some(({ key, status }) => key === 'alice' && status === 200))
  t.ok(lines.some(({ key, status }) => key === undefined && status === 401))
  for (const secret of [ALICE, BOB]) t.notOk((metrics + JSON.stringify(server.log)).includes(secret))
})

t.test('/metrics asks for a key where it is told to', async (t) => {
  const server = await startTestServer({ apiKeys: [`alice:${ALICE}`], metricsAccess: 'key' })
  t.teardown(server.stop)
  t.equal((await fetch(`${server.url}/metrics`)).status, 401)
  t.equal((await fetch(`${server.url}/metrics`, WITH_ALICE)).status, 200)
})

t.test('an address that fails again and again is told to wait; a right key is let in all the same', async (t) => {
  const server = await startTestServer({ apiKeys: [`alice:${ALICE}`], failedKeysPerMinute: 1, trustProxy: ['loopback'] })
  t.teardown(server.stop)
  const from = (address: string): RequestInit => ({ headers: { 'x-forwarded-for': address, 'x-api-key': 'a wrong one' } })
  t.equal((await failure(server.url, SMALL, from('192.0.2.1'))).status, 401)
  const refused = await failure(server.url, SMALL, from('192.0.2.1'))
  t.match(refused, { status: 429, code: 'rate_limited', message: /wait/ })
  t.match(refused.headers.get('retry-after'), /^\d+$/)
  t.equal((await failure(server.url, SMALL, from('192.0.2.2'))).status, 401, 'each address by itself')
  t.equal((await post(server.url, SMALL, { headers: { 'x-forwarded-for': '192.0.2.1', 'x-api-key': ALICE } })).status, 200)
})

t.test('the file is read again when it changes, and one that is damaged changes nothing but the log', async (t) => {
  const apiKeysFile = join(await mkdtemp(join(tmpdir(), 'fewstep-keys-')), 'keys')
  const put = async (text: string): Promise<void> => {
    await writeFile(`${apiKeysFile}.new`, text)
    await rename(`${apiKeysFile}.new`, apiKeysFile)
  }
  await put(`${keyLine('alice', ALICE)}\n`)
  const server = await startTestServer({ apiKeysFile })
  t.teardown(server.stop)
  const status = async (key: string): Promise<number> => (await fetch(`${server.url}/v1/models`, { headers: { 'x-api-key': key } })).status
  const says = (message: RegExp): Array<Record<string, unknown>> => server.log.filter(({ msg }) => message.test(String(msg)))
  t.same([await status(ALICE), await status(BOB)], [200, 401])
  await put(`${keyLine('alice', ALICE)}\nbob ${BOB}\n`)
  await until(() => says(/stay as they were/).length > 0)
  t.match(says(/stay as they were/), [{ level: 50, reason: /line 2: / }])
  t.notOk(JSON.stringify(server.log).includes(BOB))
  t.same([await status(ALICE), await status(BOB)], [200, 401])
  await put(`${keyLine('bob', BOB)}\n`)
  await until(() => says(/were read again/).length > 0)
  t.same([await status(ALICE), await status(BOB)], [401, 200])
})

t.test('a damaged file at the start is one sentence, before any model is loaded', async (t) => {
  const damaged = { apiKeysFile: '/nowhere/keys', modelDirectories: ['/nowhere'] }
  await t.rejects(startTestServer(damaged), { message: /^FEWSTEP_API_KEYS_FILE \/nowhere\/keys / })
})

t.test('without keys everybody is served, whatever he sends', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  t.equal((await generate(server.url, SMALL)).object, 'generation')
  t.equal((await post(server.url, SMALL, { headers: { authorization: 'Bearer x' } })).status, 200)
})
