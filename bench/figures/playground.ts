/** Whether the playground keeps up with the screen, how soon it is there, and whether it forgets what it showed. */
import type { CDPSession, Page } from 'playwright-core'
import { launchBrowser } from '../../test/support/browser.js'
import { longRecording } from '../lib/long-recording.js'
import { Service } from '../lib/service.js'
import { median, spread } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const SHAPE = { tokens: 1024, steps: 64, stepMs: 1000 / 60 }
const ROUNDS = 7
const FRAME_MS = 1000 / 60
/** Recordings opened and replayed before the first and the second look at the heap. */
const [FEW, MANY] = [5, 40]

/** Frames of a replay that came late, as a share of those that should have come. In the page. */
const REPLAY = `new Promise((resolve) => {
  const times = []
  const transport = document.querySelector('#transport')
  document.querySelector('#play').click()
  const tick = (now) => {
    times.push(now)
    if (times.length > 10 && !transport.classList.contains('playing')) {
      const gaps = times.slice(1).map((time, i) => time - times[i])
      const missed = gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / ${FRAME_MS}) - 1), 0)
      resolve(missed / (gaps.length + missed))
    } else requestAnimationFrame(tick)
  }
  requestAnimationFrame(tick)
})`

async function measure (): Promise<Measurement> {
  const service = await Service.start()
  try {
    const browser = await launchBrowser()
    try {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
      const page = await context.newPage()
      await page.goto(service.url)
      await page.locator('#steps[placeholder]').waitFor()
      const firstPaintMs = await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime")
      const bytes = await page.evaluate<number>('performance.getEntries().reduce((sum, { transferSize = 0 }) => sum + transferSize, 0)')
      await page.locator('#speed').selectOption('1')
      await open(page)
      await page.evaluate(REPLAY)
      const shares: number[] = []
      const session = await page.context().newCDPSession(page)
      await session.send('Performance.enable')
      const before = await workOf(session)
      for (let i = 0; i < ROUNDS; i++) shares.push(await page.evaluate<number>(REPLAY))
      const after = await workOf(session)
      const stepMs = Object.fromEntries(Object.entries(after).map(([name, seconds]) =>
        [name, (seconds - (before[name] ?? 0)) * 1000 / (ROUNDS * SHAPE.steps)]))
      const { few, many } = await heapAfter(page)
      return {
        value: median(shares),
        spread: spread(shares),
        unit: '',
        detail: {
          ...SHAPE,
          mainThreadMsPerStep: stepMs,
          firstPaintMs,
          bytes,
          heap: { opened: [FEW, MANY], mib: [few / 2 ** 20, many / 2 ** 20], ratio: many / few }
        }
      }
    } finally {
      await browser.close()
    }
  } finally {
    await service.stop()
  }
}

async function open (page: Page): Promise<void> {
  await page.locator('#open-file').setInputFiles({
    name: 'long.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(longRecording(SHAPE)))
  })
  await page.locator(`.token:nth-of-type(${SHAPE.tokens})`).waitFor({ state: 'attached' })
  await page.locator('.column').nth(SHAPE.steps - 1).waitFor({ state: 'attached' })
  await page.evaluate('new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve) }) })')
}

/** Seconds of the page's main thread so far, by what it did. */
async function workOf (session: CDPSession): Promise<Record<string, number>> {
  const { metrics } = await session.send('Performance.getMetrics')
  return Object.fromEntries(metrics.flatMap(({ name, value }) => {
    const [, kind] = /^(Script|RecalcStyle|Layout|Task)Duration$/.exec(name) ?? []
    return kind === undefined ? [] : [[kind.charAt(0).toLowerCase() + kind.slice(1), value]]
  }))
}

/** In bytes, what is garbage collected first. */
async function heapAfter (page: Page): Promise<{ few: number, many: number }> {
  const session = await page.context().newCDPSession(page)
  const heap = async (): Promise<number> => {
    await session.send('HeapProfiler.collectGarbage')
    return (await session.send('Runtime.getHeapUsage')).usedSize
  }
  const openUpTo = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) await open(page)
  }
  await openUpTo(1, FEW)
  const few = await heap()
  await openUpTo(FEW, MANY)
  return { few, many: await heap() }
}

export const playground: Figure = {
  name: 'playground',
  about: `frames missed, of 60 a second, while the page replays ${SHAPE.tokens} tokens in ${SHAPE.steps} steps`,
  goal: { atMost: 0.05 },
  measure
}
