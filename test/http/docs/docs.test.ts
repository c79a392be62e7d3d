/** The documents at /docs: as a service behind a proxy's prefix serves them, every link of every page leads somewhere. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { SOURCES } from '../../../scripts/fresh-build.js'
import { ALL_DOCUMENTS } from '../../../src/http/docs/contents.js'
import { makeKey } from '../../../src/http/guard/key-line.js'
import { startPrefixProxy } from '../../support/prefix-proxy.js'
import { startTestServer } from '../../support/server.js'

const server = await startTestServer({ apiKeys: [`alice:${makeKey()}`] })
t.teardown(server.stop)
const proxy = await startPrefixProxy('/tools/fewstep', server.url)
t.teardown(proxy.stop)

interface Seen {
  readonly url: string
  readonly status: number
  readonly type: string
  readonly text: string
}

const seen = new Map<string, Promise<Seen>>()
/** @param url without a fragment */
async function look (url: string): Promise<Seen> {
  const before = seen.get(url)
  if (before !== undefined) return await before
  const looked = fetch(url).then(async (response) => ({
    url: response.url, status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text()
  }))
  seen.set(url, looked)
  return await looked
}

const unescaped = (text: string): string => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
const referencesIn = ({ text, type }: Seen): string[] =>
  type.startsWith('text/html') ? [...text.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, reference = '']) => unescaped(reference)) : []
const isPage = (url: string): boolean => url.startsWith(`${proxy.url}/docs/`) && !url.includes('/docs/reference/')

t.test('every link of every page leads somewhere, to its heading too', async (t) => {
  const [queue, visited, anchors] = [[`${proxy.url}/docs`], new Set<string>(), { checked: 0 }]
  for (let address = queue.pop(); address !== undefined; address = queue.pop()) {
    const page = await look(address)
    t.equal(page.status, 200, address)
    if (visited.has(page.url)) continue
    visited.add(page.url)
    for (const reference of referencesIn(page)) {
      if (/^(data|mailto):/.test(reference)) continue
      const { href, hash } = new URL(reference, page.url)
      const target = href.slice(0, href.length - hash.length)
      if (!target.startsWith(new URL('/', proxy.url).href)) {
        t.match(target, /^https?:/, `${page.url}: ${reference}`)
        continue
      }
      const { status, text, url } = await look(target)
      if (status !== 200) t.fail(`${page.url}: ${reference} is ${status}`)
      if (hash !== '') {
        anchors.checked++
        if (!text.includes(` id="${decodeURIComponent(hash.slice(1))}"`)) t.fail(`${page.url}: ${reference} names no heading`)
      }
      if (isPage(url)) queue.push(target)
    }
  }
  const pages = [...visited].filter((url) => !url.includes('/files/'))
  t.equal(pages.length, ALL_DOCUMENTS.length + 1, 'all of them are linked')
  t.ok(anchors.checked > 50)
  t.ok([...visited].some((url) => url.endsWith('.png')) && [...visited].some((url) => url.endsWith('.svg')), 'pictures and plots')
})

t.test('every guide of docs/ is listed', async (t) => {
  const sources = readdirSync(fileURLToPath(new URL('../../../docs', import.meta.url))).filter((name) => name.endsWith('.md'))
  t.same(sources.filter((name) => !ALL_DOCUMENTS.some(({ source }) => source === `docs/${name}`)), [])
  t.equal(new Set(ALL_DOCUMENTS.map(({ name }) => name)).size, ALL_DOCUMENTS.length)
})

t.test('the pages may run and show what comes from here alone, need no key and no script, and are asked for anew', async (t) => {
  for (const path of ['/docs/', '/docs/quickstart']) {
    const { status, headers } = await fetch(server.url + path)
    t.equal(status, 200)
    t.match(Object.fromEntries(headers), { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' })
    t.match(headers.get('content-security-policy'), /^default-src 'none'; script-src 'self'; style-src 'self';/)
    t.notMatch(headers.get('content-security-policy'), /unsafe|https?:|\*/)
    t.equal((await fetch(server.url + path, { headers: { 'if-none-match': headers.get('etag') ?? '' } })).status, 304)
    const { text } = await look(proxy.url + path)
    t.notMatch(text, /<style|\sstyle=|\son\w+=|<script>/, 'nothing is inline')
  }
  const { headers } = await fetch(`${server.url}/docs/files/quality-t0.7.svg`)
  t.equal(headers.get('content-type'), 'image/svg+xml')
  t.match(headers.get('content-security-policy'), /^default-src 'self'/)
})

t.test('addresses lead to where things are, with a slash at the end and without, and as they were before', async (t) => {
  const places = {
    '/docs': '/docs/',
    '/docs/api/': '/docs/api',
    '/docs/reference': '/docs/reference/',
    '/docs/json': '/docs/reference/json',
    '/docs/yaml': '/docs/reference/yaml',
    '/docs/static/index.html': '/docs/reference/',
    '/docs?x=/': '/docs/'
  }
  for (const [from, to] of Object.entries(places)) {
    const { url, status } = await fetch(proxy.url + from)
    t.same({ url, status }, { url: proxy.url + to, status: 200 }, from)
  }
  t.match(JSON.parse((await look(`${proxy.url}/docs/reference/json`)).text), { openapi: '3.1.0', servers: [{ url: '../..' }] })
})

t.test('what is not there is not found, and says where to look', async (t) => {
  for (const path of ['/docs/nope', '/docs/files/nope.png', '/docs/files/quickstart.md', '/docs/files/..%2F..%2Fpackage.json']) {
    const response = await fetch(server.url + path)
    t.equal(response.status, 404)
    t.match(await response.json(), { error: { code: 'not_found', message: /\/docs lists what there is/ } }, path)
  }
})

t.test('each is built again when it changes', (t) => {
  const isWatched = (path: string): boolean => SOURCES.some((source) => path === source || path.startsWith(`${source}/`))
  t.same(ALL_DOCUMENTS.filter(({ source }) => !isWatched(source)), [])
  t.end()
})
