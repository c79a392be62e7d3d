/** The page at /docs in a real browser: a request is tried there and answered. Needs Chromium: `npm run test:browser`. */
import t from 'tap'
import { complaintsOf, launchBrowser } from '../support/browser.js'
import { startTestServer } from '../support/server.js'

const server = await startTestServer()
t.teardown(server.stop)
const browser = await launchBrowser()
t.teardown(async () => { await browser.close() })

t.test('a generation is tried on the page, and nothing goes wrong in its console', async (t) => {
  const page = await browser.newPage()
  const complaints = complaintsOf(page)
  await page.goto(`${server.url}/docs`)
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
  t.same(complaints, [])
})
