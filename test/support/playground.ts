/** The playground in a real browser. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { complaintsOf } from './browser.js'

export interface OpenPage {
  readonly page: Page
  readonly complaints: readonly string[]
  readonly close: () => Promise<void>
}

/** What the tiny models have room for. */
export const SMALL = '#text=The+hen&length=24&seed=7'
/** The same with two budgets. */
export const TWO = `${SMALL}&steps=4&compare=on&steps2=32`

/** @param options reduced motion, where nothing else is said: then a run does not replay itself */
export async function openPlayground (browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const complaints = complaintsOf(page)
  await page.goto(url.includes('#') ? url : `${url}/${SMALL}`)
  await page.locator('#steps[placeholder]').waitFor({ state: 'attached' })
  return { page, complaints, close: async () => { await context.close() } }
}

/** Press the button, and wait for the end. */
export async function run (page: Page): Promise<void> {
  await page.locator('#run').click()
  await drawn(page)
  await done(page)
}

export async function done (page: Page): Promise<void> {
  await page.locator('#keep:not(.idle)').waitFor()
  await page.locator('#facts .fact').first().waitFor()
}

/** What the canvas shows once all that was done has been drawn, without what is only for the eye. */
export async function textOf (page: Page, canvas = 0): Promise<string> {
  await drawn(page)
  return await page.locator('.text').nth(canvas).evaluate((element) => element.textContent ?? '')
}

export async function fill (page: Page, prompt: string): Promise<void> {
  const editor = page.locator('#prompt')
  await editor.click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.press('Delete')
  await page.keyboard.insertText(prompt)
}

/** What was done has been drawn: the page draws its state once a frame, so that just after a press it still shows the state of before. */
export async function drawn (page: Page): Promise<void> {
  await page.evaluate('new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve) }) })')
}

/** Leave text fields, so that single keys count. */
export async function leaveFields (page: Page): Promise<void> {
  await page.locator('#stage').focus()
}
