/** The page at / and its files, as they are sent. */
import t from 'tap'
import { makeKey } from '../../../src/http/guard/key-line.js'
import { startTestServer } from '../../support/server.js'

/** Sent for the first look at the page. */
const MOST_BYTES = 100_000

const server = await startTestServer({ apiKeys: [`alice:${makeKey()}`] })
t.teardown(server.stop)

const page = await (await fetch(server.url)).text()
const files = [...new Set([...page.matchAll(/"(playground\/[^"]+)"/g)].map(([, path = '']) => path))]

t.test('the page needs no key, may run what comes from here alone, and is asked for anew each time', async (t) => {
  const { status, headers } = await fetch(server.url)
  t.equal(status, 200)
  t.match(Object.fromEntries(headers), { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' })
  const policy = headers.get('content-security-policy') ?? ''
  t.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
  t.notMatch(policy, /unsafe|https?:|\*/)
  const again = await fetch(server.url, { headers: { 'if-none-match': headers.get('etag') ?? '' } })
  t.equal(again.status, 304)
  t.equal((await fetch(server.url, { method: 'HEAD' })).status, 200)
})

t.test('its files have names of what is in them, are kept for good, and all paths are relative', async (t) => {
  t.equal(files.length, 4, files.join())
  for (const path of files) {
    t.match(path, /-[A-Z0-9]{8}\.(js|css|woff2)$/)
    const { status, headers } = await fetch(`${server.url}/${path}`)
    t.equal(status, 200, path)
    t.equal(headers.get('cache-control'), 'public, max-age=31536000, immutable')
  }
  t.notMatch(page, /(src|href)="(\/|https?:)/)
})

t.test('the page and its files are small, and compressed for those who take that', async (t) => {
  let bytes = 0
  for (const path of ['', ...files]) {
    const plain = await fetch(`${server.url}/${path}`, { headers: { 'accept-encoding': 'identity' } })
    const compressed = await fetch(`${server.url}/${path}`, { headers: { 'accept-encoding': 'gzip' } })
    const isFont = path.endsWith('.woff2')
    t.equal(plain.headers.get('content-encoding'), null)
    t.equal(compressed.headers.get('content-encoding'), isFont ? null : 'gzip', path)
    bytes += Number(compressed.headers.get('content-length'))
    t.equal(await compressed.text(), await plain.text(), path)
  }
  t.ok(bytes > 10_000 && bytes < MOST_BYTES, `${bytes} bytes`)
})

t.test('a file of another version is not found', async (t) => {
  const response = await fetch(`${server.url}/playground/main-00000000.js`)
  t.equal(response.status, 404)
  t.match(await response.json(), { error: { code: 'not_found' } })
  t.equal((await fetch(`${server.url}/playground/..%2Fpackage.json`)).status, 404)
})
