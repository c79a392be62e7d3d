/** What browsers are told. */
import t from 'tap'
import { makeKey } from '../../../src/http/guard/key-line.js'
import { startTestServer } from '../../support/server.js'

const ORIGIN = 'https://app.example'
const PREFLIGHT = {
  method: 'OPTIONS',
  headers: { origin: ORIGIN, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' }
}

const server = await startTestServer()
t.teardown(server.stop)

t.test('every answer has security headers, errors too, and none that needs TLS', async (t) => {
  for (const path of ['/v1/models', '/docs/reference/', '/nope', '/health/live']) {
    const { headers } = await fetch(`${server.url}${path}`)
    t.match(headers.get('content-security-policy'), /^default-src 'self';.*frame-ancestors 'none'/, path)
    t.notMatch(headers.get('content-security-policy'), /upgrade-insecure-requests/)
    t.match(Object.fromEntries(headers), {
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin'
    })
    t.notOk(headers.has('strict-transport-security'))
  }
})

t.test('by default CORS is not spoken', async (t) => {
  const preflight = await fetch(`${server.url}/v1/generate`, PREFLIGHT)
  t.equal(preflight.status, 405)
  const answer = await fetch(`${server.url}/v1/models`, { headers: { origin: ORIGIN } })
  for (const { headers } of [preflight, answer]) t.notOk([...headers.keys()].some((name) => name.startsWith('access-control-')))
})

t.test('a page of an allowed origin may ask, with a key, and read what it is told', async (t) => {
  const key = makeKey()
  const server = await startTestServer({ corsOrigins: [ORIGIN, 'http://localhost:3000'], apiKeys: [`alice:${key}`] })
  t.teardown(server.stop)
  const preflight = await fetch(`${server.url}/v1/generate`, PREFLIGHT)
  t.equal(preflight.status, 204, 'without a key: browsers send none')
  t.match(Object.fromEntries(preflight.headers), {
    'access-control-allow-origin': ORIGIN,
    'access-control-allow-methods': /POST/,
    'access-control-allow-headers': /authorization.*content-type/,
    vary: /Origin/
  })
  const models = async (headers: Record<string, string>): Promise<Response> => await fetch(`${server.url}/v1/models`, { headers })
  const answer = await models({ origin: ORIGIN, 'x-api-key': key })
  t.match(Object.fromEntries(answer.headers), {
    'access-control-allow-origin': ORIGIN, 'access-control-expose-headers': /x-request-id.*retry-after.*x-ratelimit-remaining-positions/
  })
  t.equal((await models({ origin: ORIGIN })).headers.get('access-control-allow-origin'), ORIGIN, 'a refusal can be read, too')
  t.equal((await models({ origin: 'https://evil.example', 'x-api-key': key })).headers.get('access-control-allow-origin'), null)
  t.equal((await fetch(`${server.url}/nope`, { headers: { origin: ORIGIN } })).headers.get('access-control-allow-origin'), ORIGIN)
})

t.test('OPTIONS that are no preflight are what they are without CORS', async (t) => {
  const server = await startTestServer({ corsOrigins: ['*'] })
  t.teardown(server.stop)
  const answers = {
    '/v1/generate': { status: 405, allow: 'POST', code: 'method_not_allowed' },
    '/nope': { status: 404, allow: null, code: 'not_found' }
  }
  for (const [path, expected] of Object.entries(answers)) {
    for (const init of [{ method: 'OPTIONS' }, { method: 'DELETE' }]) {
      const response = await fetch(`${server.url}${path}`, init)
      const { error } = await response.json() as { error: { code: string } }
      t.same({ status: response.status, allow: response.headers.get('allow'), code: error.code }, expected, `${init.method} ${path}`)
    }
  }
  t.equal((await fetch(`${server.url}/v1/generate`, PREFLIGHT)).headers.get('access-control-allow-origin'), '*')
})
