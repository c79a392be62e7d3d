/** The documents at /docs in a real browser, behind a proxy's prefix. Needs Chromium: `npm run test:browser`. */
import { AxeBuilder } from '@axe-core/playwright'
import t, { type Test } from 'tap'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { complaintsOf, launchBrowser } from '../support/browser.js'
import { startPrefixProxy } from '../support/prefix-proxy.js'
import { startTestServer } from '../support/server.js'

const server = await startTestServer()
t.teardown(server.stop)
const proxy = await startPrefixProxy('/tools/fewstep', server.url)
t.teardown(proxy.stop)
const browser = await launchBrowser()
t.teardown(async () => { await browser.close() })

async function open (t: Test, path: string, options: BrowserContextOptions = {}): Promise<{ page: Page, complaints: readonly string[] }> {
  const context = await browser.newContext(options)
  t.teardown(async () => { await context.close() })
  const page = await context.newPage()
  const complaints = complaintsOf(page)
  await page.goto(proxy.url + path)
  return { page, complaints }
}

t.test('a generation is tried in the reference, and nothing goes wrong in its console', async (t) => {
  const { page, complaints } = await open(t, '/docs/reference')
  const operation = page.locator('.opblock-post', { hasText: '/v1/generate' })
  await operation.locator('.opblock-summary').click()
  await operation.getByRole('button', { name: 'Try it out' }).click()
  await operation.locator('textarea.body-param__text').fill(JSON.stringify({ prompt: 'The hen', max_tokens: 8, steps: 4, seed: 1 }))
  await operation.getByRole('button', { name: 'Execute' }).click()
  const answer = operation.locator('.live-responses-table .response')
  t.match(await answer.locator('.response-col_status').innerText(), /^200/)
  t.match(JSON.parse(await answer.locator('.highlight-code code').innerText()), {
    outputs: [{ text: String, steps: 4 }]
  })
  t.equal(await page.locator('.info__extdocs').getAttribute('href'), `${proxy.url}/docs/`)
  t.same(complaints, [])
})

t.test('from the playground to a guide, its heading and its plot, and by keys', async (t) => {
  const { page, complaints } = await open(t, '/')
  await page.getByRole('link', { name: 'Documents' }).click()
  await page.locator('#list').getByRole('link', { name: 'Budgets' }).click()
  t.equal(await page.locator('[aria-current=page]').innerText(), 'Budgets')
  const plot = page.locator('main img')
  await plot.scrollIntoViewIfNeeded()
  await page.waitForFunction("document.querySelector('main img').naturalWidth > 0")
  await page.getByRole('link', { name: 'Every route' }).first().click()
  t.match(page.url(), /\/docs\/api#steps-that-fit-the-text$/)
  await page.waitForFunction("document.querySelector('#steps-that-fit-the-text').getBoundingClientRect().top < innerHeight")
  await page.goto(`${proxy.url}/docs/budgets`)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  t.equal(await page.evaluate<string>('document.activeElement.id'), 'document', 'the list can be skipped')
  t.same(complaints, [])
})

t.test('light or dark is as it was chosen in the playground', async (t) => {
  const { page } = await open(t, '/', { colorScheme: 'light' })
  const background = async (): Promise<string> => await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
  const light = await background()
  await page.locator('#theme-button').click()
  const dark = await background()
  await page.goto(`${proxy.url}/docs/quickstart`)
  t.equal(await background(), dark)
  await page.locator('#theme-button').click()
  t.equal(await background(), light)
})

t.test('without scripts everything is there but the choice of a theme', async (t) => {
  const { page } = await open(t, '/docs/', { javaScriptEnabled: false })
  t.notOk(await page.locator('#theme-button').isVisible())
  await page.locator('main').getByRole('link', { name: 'Operations' }).click()
  await page.locator('summary', { hasText: 'On this page' }).click()
  await page.locator('.parts').getByRole('link', { name: 'Logs' }).click()
  t.match(page.url(), /operations#logs$/)
})

const SIZES = {
  narrow: { viewport: { width: 360, height: 740 } },
  wide: { viewport: { width: 1440, height: 900 } },
  'wide at 200 %': { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }
}
for (const colorScheme of ['light', 'dark'] as const) {
  for (const [size, options] of Object.entries(SIZES)) {
    t.test(`anybody can read it: ${colorScheme}, ${size}`, async (t) => {
      const { page, complaints } = await open(t, '/docs/', { colorScheme, ...options })
      for (const name of ['', 'operations', 'evaluation', 'settings']) {
        await page.goto(`${proxy.url}/docs/${name}`)
        await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
        const { violations } = await new AxeBuilder({ page }).analyze()
        t.same(violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`)), [], name)
        t.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= document.documentElement.clientWidth'), 'nothing is cut off at the side')
      }
      t.same(complaints, [])
    })
  }
}
