/** What answers a path or a method that does not exist depends on these two, and on nothing else of the request. */
import t from 'tap'
import { RawConnection, requestText } from '../../support/raw-connection.js'
import { startTestServer } from '../../support/server.js'

const server = await startTestServer({ bodyLimit: 1024 })
t.teardown(server.stop)

interface Answer {
  readonly status: number
  readonly allow: string | undefined
  readonly code: string | undefined
}

async function answer (method: string, path: string, options: Parameters<typeof requestText>[2] = {}): Promise<Answer> {
  const connection = await RawConnection.open(server.url)
  connection.send(requestText(method, path, { ...options, headers: { connection: 'close', ...options.headers } }))
  const [response] = await connection.responses()
  const { error } = JSON.parse(response?.body ?? '') as { error?: { code: string } }
  return { status: response?.status ?? 0, allow: response?.headers['allow'], code: error?.code }
}

const BODIES = [
  { body: '{"bad json' },
  { body: 'x'.repeat(2000) },
  { body: 'x', headers: { 'content-type': 'text/plain' } },
  { body: 'x', headers: { 'content-type': '/' } },
  {}
]

t.test('an unknown path is 404, whatever the method and the body', async (t) => {
  for (const options of BODIES) {
    for (const method of ['POST', 'PUT', 'DELETE', 'PROPFIND']) {
      t.match(await answer(method, '/nope', options), { status: 404, code: 'not_found', allow: undefined }, `${method} ${JSON.stringify(options).slice(0, 40)}`)
    }
  }
})

t.test('a known path is 405 under another method, whatever the body, and says which it takes', async (t) => {
  for (const options of BODIES) {
    t.match(await answer('PUT', '/v1/generate', options), { status: 405, code: 'method_not_allowed', allow: 'POST' })
    for (const method of ['DELETE', 'OPTIONS', 'PROPFIND', 'SEARCH']) {
      t.match(await answer(method, '/health/live?x=1', options), { status: 405, code: 'method_not_allowed', allow: 'GET, HEAD' }, method)
    }
  }
})

t.test('an escaped path is the same path', async (t) => {
  t.match(await answer('GET', '/health/%6Cive'), { status: 200 })
  t.match(await answer('DELETE', '/health/%6Cive'), { status: 405, allow: 'GET, HEAD' })
  t.match(await answer('GET', '/v1%2Fgenerate'), { status: 404 })
})

t.test('a slash too many makes no other path', async (t) => {
  for (const path of ['//health/live', '/health//live', '/health/live/', '/health/live//', '///health///live?x=//']) {
    t.match(await answer('GET', path), { status: 200 }, path)
    t.match(await answer('DELETE', path), { status: 405, code: 'method_not_allowed', allow: 'GET, HEAD' }, path)
  }
  t.match(await answer('POST', '/v1//generate/', { body: '{"steps": 0}' }), { status: 400, code: 'invalid_request' })
  t.equal((await fetch(`${server.url}//`)).headers.get('content-type'), 'text/html; charset=utf-8', 'the page')
  for (const path of ['//nope', '/nope/', '/v1/', '/v1//', '/heal//th/live']) {
    t.match(await answer('GET', path), { status: 404, code: 'not_found' }, path)
  }
})

const PATTERNS = [
  '/*', '/*x', '/:(', '/:a(b', '/:a(^(a+)+$)', '/health/:x', '/docs*/reference/static/index.css', '/docs/:x', '/(', '/[', '/**', '*', '/:a?',
  `/:a(${'b'.repeat(8000)})`
]

t.test('what looks like a pattern is a path', async (t) => {
  for (const path of PATTERNS) {
    for (const method of ['GET', 'POST']) t.match(await answer(method, path), { status: 404, code: 'not_found' }, `${method} ${path.slice(0, 40)}`)
  }
  t.notOk(server.log.some(({ level }) => level === 50), 'and nothing of it is an error of ours')
})

t.test('a file of the page that is not there is 404, like all else', async (t) => {
  t.match(await answer('GET', '/docs/reference/static/nope.css'), { status: 404, code: 'not_found' })
})

t.test('a path that is no URL is 400 under every method', async (t) => {
  for (const method of ['GET', 'POST', 'PUT']) {
    t.match(await answer(method, '/%zz', { body: '{' }), { status: 400, code: 'invalid_request' }, method)
  }
})
