/** A real Chromium: Debian's package, or CHROMIUM=/path/to/it. */
import { chromium, type Browser, type Page } from 'playwright-core'

export async function launchBrowser (): Promise<Browser> {
  return await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    // Chromium has no sandbox for root, as whom containers run tests; it opens our own pages alone.
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  })
}

/** What the page's console complains about, from now on. */
export function complaintsOf (page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()) })
  page.on('pageerror', (error) => { complaints.push(error.message) })
  return complaints
}
