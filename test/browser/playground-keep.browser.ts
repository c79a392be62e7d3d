/** What the playground keeps, and where it runs: links, files, keys, proxies. Needs Chromium: `npm run test:browser`. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { makeKey } from '../../src/http/guard/key-line.js'
import { complaintsOf, launchBrowser } from '../support/browser.js'
import { fill, openPlayground, run, SMALL, textOf, TWO } from '../support/playground.js'
import { program } from '../support/program.js'
import { startPrefixProxy } from '../support/prefix-proxy.js'
import { startTestServer } from '../support/server.js'

const server = await startTestServer()
t.teardown(server.stop)
const browser = await launchBrowser()
t.teardown(async () => { await browser.close() })
const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] }

t.test('text and code are copied', async (t) => {
  const { page, close } = await openPlayground(browser, server.url, clipboard)
  t.teardown(close)
  await fill(page, 'The hen')
  await run(page)
  const copied = async (): Promise<string> => await page.evaluate<string>('navigator.clipboard.readText()')
  await page.locator('#copy-text').click()
  await page.locator('#toast', { hasText: 'Text copied' }).waitFor()
  t.equal(await copied(), await textOf(page))
  for (const [name, expected] of [['curl', /^curl -N http.*\/v1\/generate/], ['javascript', /await fetch/], ['python', /urllib\.request/]] as const) {
    await page.locator('#copy-as').click()
    await page.locator(`[data-copy=${name}]`).click()
    await page.locator('#toast', { hasText: `Copied as ${name}` }).waitFor()
    t.match(await copied(), expected)
    t.match(await copied(), /The hen/)
  }
})

t.test('a link holds the request in its fragment, and makes the same text', async (t) => {
  const { page, close } = await openPlayground(browser, server.url, clipboard)
  t.teardown(close)
  await fill(page, 'The [[6]] hen & "me".')
  await page.locator('#seed').fill('')
  await page.locator('#steps').fill('3')
  await run(page)
  await page.locator('#share').click()
  await page.locator('#toast.shown').waitFor()
  const link = await page.evaluate<string>('navigator.clipboard.readText()')
  t.match(new URL(link).hash, /^#text=.*steps=3.*seed=\d+/)
  t.equal(new URL(link).search, '')
  const other = await openPlayground(browser, link)
  t.teardown(other.close)
  t.equal(await other.page.locator('.gap').count(), 1)
  await run(other.page)
  t.equal(await textOf(other.page), await textOf(page))
})

t.test('a recording is one file that replays without a server, and can be opened again', async (t) => {
  const { page, close } = await openPlayground(browser, `${server.url}/${TWO}`)
  t.teardown(close)
  await run(page)
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#download').click()])
  const path = join(t.testdir(), download.suggestedFilename())
  await download.saveAs(path)

  const context = await browser.newContext({ reducedMotion: 'reduce', offline: true })
  t.teardown(async () => { await context.close() })
  const replay = await context.newPage()
  const complaints = complaintsOf(replay)
  const asked: string[] = []
  replay.on('request', (request) => { if (!/^(file|data|blob):/.test(request.url())) asked.push(request.url()) })
  await replay.goto(pathToFileURL(path).href)
  await replay.locator('#facts .fact').first().waitFor()
  for (const lane of [0, 1]) t.equal(await textOf(replay, lane), await textOf(page, lane))
  t.notOk(await replay.locator('#ask').isVisible())
  await replay.keyboard.press('Home')
  await replay.locator('#readout', { hasText: 'before the first step' }).waitFor()
  t.ok(await replay.evaluate<boolean>("document.fonts.load('16px Newsreader').then((loaded) => loaded.length > 0)"), 'its fonts are in it')
  t.same(asked, [])
  t.same(complaints, [])

  const other = await openPlayground(browser, server.url)
  t.teardown(other.close)
  await other.page.locator('#open-file').setInputFiles(path)
  await other.page.locator('#facts .fact').first().waitFor()
  t.equal(await textOf(other.page, 1), await textOf(page, 1))
  t.equal(await other.page.locator('#steps').inputValue(), '4', 'and its request is in the form')
  await other.page.locator('#open-file').setInputFiles({ name: 'a.json', mimeType: 'application/json', buffer: Buffer.from('{"a": 1}') })
  await other.page.locator('#toast', { hasText: 'no recording' }).waitFor()
})

t.test('what the page keeps the terminal replays, and the other way round', async (t) => {
  const { page, close } = await openPlayground(browser, server.url)
  t.teardown(close)
  await run(page)
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#download').click()])
  const folder = t.testdir()
  const [kept, recorded] = [join(folder, 'page.html'), join(folder, 'terminal.json')]
  await download.saveAs(kept)
  const { stdout: replayed } = await fewstep('replay', kept)
  t.equal(replayed.trimEnd(), (await textOf(page)).trimEnd())

  const { stdout: written } = await fewstep('generate', 'The fox', '--max-tokens', '12', '--steps', '3', '--url', server.url, '--record', recorded)
  await page.locator('#open-file').setInputFiles(recorded)
  await page.locator('#prompt', { hasText: 'The fox' }).waitFor()
  t.equal((await textOf(page)).trimEnd(), written.trimEnd())
})

t.test('the last twenty runs are kept in this browser, and shown again as they were', async (t) => {
  const { page, complaints, close } = await openPlayground(browser, server.url)
  t.teardown(close)
  await fill(page, 'The first')
  await page.locator('#length').fill('8')
  await page.locator('#steps').fill('2')
  await run(page)
  const first = await textOf(page)
  await fill(page, 'The second')
  await run(page)
  await page.reload()
  const items = page.locator('.run-item')
  t.same(await page.locator('.run-title').allInnerTexts(), ['The second', 'The first'])
  await items.nth(1).click()
  await page.locator('#facts .fact').first().waitFor()
  t.equal(await textOf(page), first)
  t.equal(await page.locator('#prompt').innerText(), 'The first')
  await page.evaluate("localStorage.setItem('fewstep.runs', JSON.stringify(new Array(20).fill(JSON.parse(localStorage.getItem('fewstep.runs'))[0])))")
  await run(page)
  t.equal(await items.count(), 20)
  t.equal(await page.evaluate<number>("JSON.parse(localStorage.getItem('fewstep.runs')).length"), 20)
  await page.locator('#clear-runs').click()
  t.equal(await items.count(), 0)
  t.same(complaints, [])
})

t.test('a key is asked for where the server wants one, works, and stays in memory', async (t) => {
  const key = makeKey()
  const guarded = await startTestServer({ apiKeys: [`alice:${key}`] })
  t.teardown(guarded.stop)
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  t.teardown(async () => { await context.close() })
  const page = await context.newPage()
  await page.goto(`${guarded.url}/${SMALL}`)
  const dialog = page.locator('#key-dialog')
  await dialog.waitFor()
  t.match(await dialog.locator('[role=alert]').innerText(), /this server asks for a key/)
  await page.locator('#key').fill(key)
  await page.keyboard.press('Enter')
  await page.locator('#model option[value=tiny-text]').waitFor({ state: 'attached' })
  await run(page)
  t.ok((await textOf(page)).length > 'The hen'.length)
  const kept = await page.evaluate<string>('JSON.stringify({ ...localStorage, ...sessionStorage, cookie: document.cookie })')
  t.notOk(kept.includes(key))
  await page.reload()
  await dialog.waitFor()
})

t.test('behind a proxy that has it under a prefix, everything is found', async (t) => {
  const proxy = await startPrefixProxy('/tools/fewstep', server.url)
  t.teardown(proxy.stop)
  const { page, complaints, close } = await openPlayground(browser, `${proxy.url}/${SMALL}`)
  t.teardown(close)
  await run(page)
  t.same(complaints, [])
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#download').click()])
  t.equal(download.suggestedFilename(), 'fewstep-replay.html')
})

/** Runs the command line. */
async function fewstep (...args: string[]): Promise<{ stdout: string }> {
  const [node, ...main] = program('cli/main')
  return await promisify(execFile)(node, [...main, ...args])
}
