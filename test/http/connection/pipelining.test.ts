/** Requests sent before the one before them is answered. */
import t from 'tap'
import { RawConnection, requestText } from '../../support/raw-connection.js'
import { startTestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const LONG = requestText('POST', '/v1/generate', { body: JSON.stringify({ max_tokens: 60, steps: 1024, n: 4, seed: 1 }) })
const MODELS = requestText('GET', '/v1/models')

t.test('requests queued behind an unfinished answer end with their connection', async (t) => {
  const server = await startTestServer({ drainTimeoutMs: 3_600_000 })
  t.teardown(server.stop)
  const rows = (): number => server.engine.stats().queuedRows + server.engine.stats().runningRows
  const stream = requestText('POST', '/v1/generate', { body: JSON.stringify({ max_tokens: 60, steps: 1024, n: 2, stream: true }) })
  const connection = await RawConnection.open(server.url)
  connection.send(LONG + MODELS + LONG + stream)
  await until(() => rows() === 10)
  connection.socket.destroy()
  await until(() => rows() === 0)
  t.equal(server.engine.stats().generations, 0, 'none of them runs on for nobody')

  const lines = (): Array<Record<string, unknown>> => server.log.filter(({ msg }) => msg === 'client left')
  await until(() => lines().length === 4)
  t.same(lines().map(({ route, status }) => `${String(route)} ${String(status)}`).sort(),
    ['/v1/generate 499', '/v1/generate 499', '/v1/generate 499', '/v1/models 499'])
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  t.match(metrics, /^fewstep_http_requests_total\{method="GET",route="\/v1\/models",status="499"\} 1$/m)
  t.match(metrics, /^fewstep_http_requests_total\{method="POST",route="\/v1\/generate",status="499"\} 3$/m)
  await server.stop()
  t.pass('and a server that stops does not wait for them')
})

t.test('nothing of them is kept', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const round = async (): Promise<void> => {
    const connection = await RawConnection.open(server.url)
    connection.send(LONG + MODELS.repeat(100))
    await until(() => server.engine.stats().generations === 1)
    connection.socket.destroy()
    await until(() => server.engine.stats().generations === 0)
  }
  await round()
  await until(() => server.log.length >= 101)
  t.equal(server.log.filter(({ route, status }) => route === '/v1/models' && status === 499).length, 100)
})

t.test('answers come in the order of the requests', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const body = JSON.stringify({ max_tokens: 4, steps: 20 })
  const connection = await RawConnection.open(server.url)
  connection.send(requestText('POST', '/v1/generate', { body }) + requestText('GET', '/nothing') + requestText('GET', '/health/live', { headers: { connection: 'close' } }))
  t.match(await connection.responses(), [{ status: 200, body: /"outputs"/ }, { status: 404 }, { status: 200, body: '{"status":"live"}' }])
})
