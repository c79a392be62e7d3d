/** The playground under axe: light and dark, narrow, wide and enlarged. Needs Chromium: `npm run test:browser`. */
import { AxeBuilder } from '@axe-core/playwright'
import t from 'tap'
import type { Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.js'
import { openPlayground, run } from '../support/playground.js'
import { startTestServer } from '../support/server.js'

const server = await startTestServer()
t.teardown(server.stop)
const browser = await launchBrowser()
t.teardown(async () => { await browser.close() })

const SIZES = {
  narrow: { viewport: { width: 360, height: 740 } },
  wide: { viewport: { width: 1440, height: 900 } },
  'wide at 200 %': { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }
}

async function violations (page: Page): Promise<string[]> {
  const results = await new AxeBuilder({ page }).analyze()
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`))
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [size, options] of Object.entries(SIZES)) {
    t.test(`${colorScheme}, ${size}`, async (t) => {
      const { page, close } = await openPlayground(browser, server.url, { colorScheme, ...options })
      t.teardown(close)
      await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
      t.same(await violations(page), [], 'before a run')
      await run(page)
      await page.locator('#scrubber').fill('4')
      t.same(await violations(page), [], 'in the middle of a replay')
      for (const view of ['timeline', 'confidence']) {
        await page.locator(`input[value=${view}]`).check({ force: true })
        await page.locator('.text').focus()
        await page.keyboard.press('ArrowRight')
        t.same(await violations(page), [], view)
      }
      t.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= document.documentElement.clientWidth'), 'nothing is cut off at the side')
      await page.locator('#compare').check()
      await page.locator('#steps-2').fill('16')
      await run(page)
      await page.locator('#steps').fill('0')
      await page.locator('#run').click()
      await page.locator('[data-field=steps] .error').waitFor()
      t.same(await violations(page), [], 'compared, and an error')
      await page.locator('#help-button').click()
      t.same(await violations(page), [], 'help')
    })
  }
}
