/** What stood at each place: a card beside the token that is pointed at, or walked to with keys. Needs Chromium: `npm run test:browser`. */
import t from 'tap'
import { launchBrowser } from '../support/browser.js'
import { drawn, openPlayground, run } from '../support/playground.js'
import { startTestServer } from '../support/server.js'

const server = await startTestServer()
t.teardown(server.stop)
const browser = await launchBrowser()
t.teardown(async () => { await browser.close() })

t.test('the history of a token is shown to those who point, and said to those who walk with keys', async (t) => {
  const { page, close } = await openPlayground(browser, server.url)
  t.teardown(close)
  await run(page)
  await page.locator('.text').focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  const card = page.locator('#history')
  await card.waitFor()
  t.match(await card.innerText(), /Token 2[^]*step 1[^]*\d+ %/)
  t.equal(await page.locator('#status').textContent(), await card.textContent())
  await page.keyboard.press('Escape')
  t.notOk(await card.isVisible())
  await page.locator('.token .word:not(:empty)').nth(9).hover()
  await card.waitFor()
  await page.mouse.move(5, 5)
  await card.waitFor({ state: 'hidden' })
})

t.test('a pointer that rests takes nothing from the keys, though the text comes to lie under it', async (t) => {
  const { page, complaints, close } = await openPlayground(browser, server.url)
  t.teardown(close)
  await page.setViewportSize({ width: 1280, height: 400 })
  await run(page)
  const card = page.locator('#history')
  const text = page.locator('.text')
  const under = async (): Promise<boolean> => await page.evaluate("document.elementFromPoint(640, 20).closest('#canvases') !== null")
  await page.evaluate('scrollTo(0, 0)')
  await page.mouse.move(640, 20)
  t.notOk(await under())
  await text.evaluate((element) => { element.focus({ preventScroll: true }) })
  await page.keyboard.press('End')
  await card.waitFor()
  const said = await card.innerText()
  await page.evaluate(`new Promise((over) => {
    document.querySelector('#canvases').addEventListener('pointerover', over, { once: true })
    scrollBy(0, document.querySelector('.text').getBoundingClientRect().top)
  })`)
  t.ok(await under())
  t.ok(await card.isVisible())
  t.equal(await card.innerText(), said)
  await page.mouse.move(641, 21)
  await drawn(page)
  t.not(await card.isVisible() ? await card.innerText() : '', said, 'one that moves points again')
  t.same(complaints, [])
})
