import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { eventsOf, post } from '../support/client.js'
import { RawConnection } from '../support/raw-connection.js'
import { startTestServer } from '../support/server.js'

t.test('localhost is all of its addresses: each serves, answers errors in one shape, and is closed when the server stops', async (t) => {
  const server = await startTestServer({ host: 'localhost' })
  t.teardown(server.stop)
  const { port } = new URL(server.url)
  const urls = (await lookup('localhost', { all: true })).map(({ address, family }) => `http://${family === 6 ? `[${address}]` : address}:${port}`)
  const running = []
  for (const url of urls) {
    t.equal((await fetch(`${url}/health/live`)).status, 200, url)
    t.match(await (await RawConnection.open(url)).send('hello\r\n\r\n').responses(), [{ status: 400, body: /invalid_request/ }])
    running.push(eventsOf(await post(url, { steps: 200, max_tokens: 8, stream: true })))
  }
  const stopped = server.stop()
  for (const events of running) {
    let last
    for await (const { event } of events) last = event
    t.equal(last, 'done', 'what runs is waited for, whatever address it came to')
  }
  await stopped
  for (const url of urls) {
    const [error] = await once(connect(Number(port), new URL(url).hostname.replace(/^\[|\]$/g, '')), 'error') as [NodeJS.ErrnoException]
    t.equal(error.code, 'ECONNREFUSED', url)
  }
})
