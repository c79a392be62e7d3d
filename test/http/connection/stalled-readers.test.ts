/** Readers who do not take what they are sent, or a byte of it now and then. */
import t from 'tap'
import { RawConnection, requestText } from '../../support/raw-connection.js'
import { startTestServer, type TestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

/** 1.7 MB at once. The system's buffers between server and reader hold some 4 MB. */
const LARGE = requestText('GET', '/docs/reference/static/swagger-ui-bundle.js')
const STREAM = requestText('POST', '/v1/generate', { body: JSON.stringify({ max_tokens: 60, steps: 1024, n: 16, seed: 1, stream: true }) })

function rows ({ engine }: TestServer): number {
  return engine.stats().queuedRows + engine.stats().runningRows
}

async function stalled (url: string, requests: string): Promise<RawConnection> {
  const connection = await RawConnection.open(url)
  connection.socket.pause()
  return connection.send(requests)
}

t.test('a reader who stalls longer than the setting is cut off, and its rows are freed', async (t) => {
  const server = await startTestServer({ sendTimeoutMs: 100 })
  t.teardown(server.stop)
  const { socket } = await stalled(server.url, LARGE + LARGE + STREAM)
  await until(() => rows(server) === 16)
  await until(() => server.log.some(({ msg }) => msg === 'cut off'))
  t.match(server.log.find(({ msg }) => msg === 'cut off'), { status: 499, cut_off: 'reader stalled' })
  await until(() => server.log.some(({ route, status }) => route === '/v1/generate' && status === 499))
  await until(() => rows(server) === 0)
  socket.destroy()
})

t.test('a byte now and then is not reading', async (t) => {
  const server = await startTestServer({ sendTimeoutMs: 100 })
  t.teardown(server.stop)
  const { socket } = await stalled(server.url, LARGE.repeat(5))
  const sip = setInterval(() => { socket.read(1) }, 10)
  t.teardown(() => { clearInterval(sip) })
  await until(() => server.log.some(({ msg }) => msg === 'cut off'))
  t.pass()
  socket.destroy()
})

t.test('a server that stops does not wait for a reader who stalls', async (t) => {
  const server = await startTestServer({ sendTimeoutMs: 100, drainTimeoutMs: 3_600_000 })
  t.teardown(server.stop)
  const { socket } = await stalled(server.url, LARGE + LARGE + STREAM)
  await until(() => rows(server) === 16)
  await server.stop()
  t.ok(server.log.some(({ cut_off: why }) => why === 'reader stalled'))
  socket.destroy()
})
