/**
 * Pictures of the playground for the documents, of real generations by the embedded model:
 *
 *     npx tsx scripts/screenshots.ts [--all] [FOLDER]
 *
 * Without a folder into docs/images. --all: every view, light and dark, narrow and wide, to look at.
 */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../test/support/browser.js'
import { startTestServer } from '../test/support/server.js'

const MODELS = ['fewstep-stories', 'fewstep-stories-llada'].map((name) => fileURLToPath(new URL(`../models/${name}`, import.meta.url)))
const IMAGES = fileURLToPath(new URL('../docs/images', import.meta.url))
const MOST_BYTES = 200_000
const [DESKTOP, PHONE] = [{ width: 1240, height: 800 }, { width: 390, height: 844 }]

interface Shot {
  readonly name: string
  readonly size: { readonly width: number, readonly height: number }
  readonly scheme: 'light' | 'dark'
  readonly pose: (page: Page) => Promise<void>
  /** Not for the documents. */
  readonly extra?: true
  readonly fullPage?: true
}

const ran = async (page: Page): Promise<void> => {
  await page.locator('#run').click()
  await finished(page)
}
const finished = async (page: Page): Promise<void> => { await page.locator('#facts .fact').first().waitFor() }
const seek = async (page: Page, frame: number): Promise<void> => {
  await page.locator('#scrubber').fill(String(frame))
}
const view = async (page: Page, name: string): Promise<void> => { await page.locator(`input[name=view][value=${name}]`).check({ force: true }) }
const example = async (page: Page, name: string): Promise<void> => {
  await page.locator(`[data-example=${name}]`).click()
  await finished(page)
}

const SHOTS: readonly Shot[] = [
  {
    name: 'playground',
    size: DESKTOP,
    scheme: 'light',
    pose: async (page) => {
      await ran(page)
      await seek(page, 5)
    }
  },
  {
    name: 'playground-timeline',
    size: DESKTOP,
    scheme: 'dark',
    pose: async (page) => {
      await ran(page)
      await view(page, 'timeline')
    }
  },
  { name: 'idle', size: DESKTOP, scheme: 'light', extra: true, pose: async () => {} },
  {
    name: 'compare',
    size: DESKTOP,
    scheme: 'light',
    extra: true,
    pose: async (page) => {
      await example(page, 'budgets')
      await seek(page, 14)
    }
  },
  {
    name: 'gaps-history',
    size: DESKTOP,
    scheme: 'dark',
    extra: true,
    pose: async (page) => {
      await example(page, 'gaps')
      await page.locator('.text').focus()
      for (let i = 0; i < 14; i++) await page.keyboard.press('ArrowRight')
    }
  },
  {
    name: 'confidence',
    size: DESKTOP,
    scheme: 'light',
    extra: true,
    pose: async (page) => {
      await ran(page)
      await view(page, 'confidence')
    }
  },
  {
    name: 'timeline-light',
    size: DESKTOP,
    scheme: 'light',
    extra: true,
    fullPage: true,
    pose: async (page) => {
      await page.locator('#more summary').click()
      await ran(page)
      await view(page, 'timeline')
    }
  },
  {
    name: 'help',
    size: DESKTOP,
    scheme: 'light',
    extra: true,
    pose: async (page) => { await page.locator('#help-button').click() }
  },
  {
    name: 'error',
    size: DESKTOP,
    scheme: 'dark',
    extra: true,
    pose: async (page) => {
      await page.locator('#steps').fill('5000')
      await page.locator('#run').click()
      await page.locator('[data-field=steps] .error').waitFor()
    }
  },
  {
    name: 'phone',
    size: PHONE,
    scheme: 'light',
    extra: true,
    fullPage: true,
    pose: async (page) => {
      await ran(page)
      await seek(page, 4)
    }
  },
  {
    name: 'phone-dark-compare',
    size: PHONE,
    scheme: 'dark',
    extra: true,
    fullPage: true,
    pose: async (page) => {
      await example(page, 'budgets')
      await view(page, 'timeline')
    }
  }
]

async function take (browser: Browser, url: string, shot: Shot, folder: string): Promise<void> {
  const page = await browser.newPage({ viewport: shot.size, colorScheme: shot.scheme, reducedMotion: 'reduce' })
  try {
    await page.goto(url)
    await page.locator('#model option[value=fewstep-stories]').waitFor({ state: 'attached' })
    await shot.pose(page)
    await page.evaluate('document.fonts.ready.then(() => true)')
    const path = join(folder, `${shot.name}.png`)
    await page.screenshot({ path, fullPage: shot.fullPage ?? false })
    const { size } = await stat(path)
    if (shot.extra === undefined && size > MOST_BYTES) throw new Error(`${path} has ${size} bytes, more than ${MOST_BYTES}`)
    process.stdout.write(`${path}: ${size} bytes\n`)
  } finally {
    await page.close()
  }
}

const all = process.argv.includes('--all')
const only = process.argv.flatMap((argument) => argument.startsWith('--only=') ? argument.slice(7).split(',') : [])
const folder = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? IMAGES
await mkdir(folder, { recursive: true })
const server = await startTestServer({ modelDirectories: MODELS, precision: 'auto' })
try {
  const browser = await launchBrowser()
  try {
    const shots = SHOTS.filter(({ name, extra }) => only.length > 0 ? only.includes(name) : all || extra === undefined)
    for (const shot of shots) await take(browser, server.url, shot, folder)
  } finally {
    await browser.close()
  }
} finally {
  await server.stop()
}
