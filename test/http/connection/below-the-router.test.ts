/** Errors of HTTP itself: bytes that are no request, and requests that do not come whole. */
import t from 'tap'
import { RawConnection, requestText, type RawResponse } from '../../support/raw-connection.js'
import { startTestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const server = await startTestServer({ requestTimeoutMs: 400, headerLimit: 8192, urlLimit: 4096 })
t.teardown(server.stop)
const { url } = server

/** What a connection gets that sends this, until the server closes it. */
async function answersTo (...pieces: string[]): Promise<RawResponse[]> {
  const connection = await RawConnection.open(url)
  for (const piece of pieces) connection.send(piece)
  return await connection.responses()
}

function sizedPost (body: string, headers: Record<string, string> = {}): string {
  return requestText('POST', '/v1/generate', { body, headers })
}

/** A path that is known, and so many characters long. */
function longPath (length: number): string {
  return '/v1/models?'.padEnd(length, 'x')
}

const POST_HEAD = 'POST /v1/generate HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n'
const STREAM = JSON.stringify({ max_tokens: 8, steps: 300, stream: true })

t.test('every error has the one shape, and a request id that is in the log', async (t) => {
  const cases: Array<[what: string, sent: string, status: number, code: string]> = [
    ['no HTTP', 'hello\r\n\r\n', 400, 'invalid_request'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'invalid_request'],
    ['no host', 'GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'invalid_request'],
    ['two lengths', `${POST_HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400, 'invalid_request'],
    ['a chunk without a size', `${POST_HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n`, 400, 'invalid_request'],
    ['headers above the limit', requestText('GET', '/health/live', { headers: { cookie: 'x'.repeat(9000) } }), 431, 'headers_too_large'],
    ['a URL above the limit', requestText('GET', longPath(4097), { headers: { connection: 'close' } }), 414, 'url_too_long'],
    ['a huge chunk extension', `${POST_HEAD}transfer-encoding: chunked\r\n\r\n2;${'x'.repeat(20_000)}\r\n{}\r\n`, 413, 'body_too_large'],
    ['another expectation', sizedPost('{}', { expect: 'magic', connection: 'close' }), 417, 'expectation_failed'],
    ['a proxied connection', 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n', 404, 'not_found'],
    ['a path that is no URL', requestText('GET', '/%zz', { headers: { connection: 'close' } }), 400, 'invalid_request'],
    ['headers that stop coming', 'GET /health/live HTTP/1.1\r\nhost: te', 408, 'request_timeout'],
    ['a body that stops coming', `${POST_HEAD}content-length: 200\r\n\r\n{"prompt": "`, 408, 'request_timeout']
  ]
  for (const [what, sent, status, code] of cases) {
    const [response, ...others] = await answersTo(sent)
    t.equal(response?.status, status, what)
    t.same(others, [], what)
    t.match(response?.headers, { 'content-type': 'application/json; charset=utf-8', connection: 'close' }, what)
    const { error } = JSON.parse(response?.body ?? '') as { error: Record<string, string> }
    t.match(error, { code, message: /./, request_id: /^[0-9a-f-]{36}$/ }, what)
    t.equal(response?.headers['x-request-id'], error['request_id'], what)
    const told = (line: Record<string, unknown>): boolean => line['request_id'] === error['request_id']
    await until(() => server.log.some((line) => told(line) && line['status'] === status && line['error'] === code))
  }
  const metrics = await (await fetch(`${url}/metrics`)).text()
  t.match(metrics, /^fewstep_http_requests_total\{method="unknown",route="unmatched",status="400"\} 3$/m)
  t.match(metrics, /^fewstep_http_requests_total\{method="unknown",route="unmatched",status="431"\} 1$/m)
  t.match(metrics, /^fewstep_http_requests_total\{method="POST",route="\/v1\/generate",status="408"\} 1$/m)
  t.match(metrics, /^fewstep_http_requests_total\{method="GET",route="unmatched",status="400"\} 1$/m)
})

t.test('what is as long as the limits allow is served', async (t) => {
  const [response] = await answersTo(requestText('GET', longPath(4096), { headers: { connection: 'close', cookie: 'x'.repeat(3900) } }))
  t.equal(response?.status, 200)
})

t.test('what can be expected is: 100 Continue', async (t) => {
  const connection = await RawConnection.open(url)
  const body = JSON.stringify({ max_tokens: 1, steps: 1 })
  const [head = '', rest = ''] = sizedPost(body, { expect: '100-continue', connection: 'close' }).split('\r\n\r\n')
  connection.send(`${head}\r\n\r\n`)
  await connection.see(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  connection.send(rest)
  t.match(await connection.all(), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
})

t.test('a stray byte does no harm to a running event stream, which ends its connection', async (t) => {
  const connection = await RawConnection.open(url)
  connection.send(sizedPost(STREAM))
  await connection.see(/event: step/)
  connection.send('!')
  await connection.see(/event: done/)
  connection.send('!')
  const text = await connection.all()
  t.equal(text.match(/HTTP\/1\.1/g)?.length, 1, 'nothing is written into it')
  t.match(text, /event: done\ndata: .*\n\n\r\n0\r\n\r\n$/, 'it comes to its end')
  await until(() => server.log.some(({ stream, status }) => stream === true && status === 200))
})

t.test('a whole request followed by a stray byte gets its answer', async (t) => {
  const answers = await answersTo(`${sizedPost(JSON.stringify({ max_tokens: 4, steps: 20 }))}!`)
  t.match(answers, [{ status: 200, headers: { connection: 'close' }, body: /"outputs"/ }])
  t.equal(answers.length, 1)
})

t.test('a broken request behind a good one does not cost the good one its answer', async (t) => {
  const good = sizedPost(JSON.stringify({ max_tokens: 4, steps: 20 }))
  const answers = await answersTo(`${good}${POST_HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n`)
  t.match(answers, [{ status: 200, body: /"outputs"/ }, { status: 400, body: /invalid_request/ }])
  t.equal(answers.length, 2)
})

t.test('what comes of a request that is answered already gets no second answer', async (t) => {
  const connection = await RawConnection.open(url)
  connection.send('POST /nothing HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n')
  await connection.see(/"request_id":"[^"]+"}}$/)
  connection.send('zz\r\n')
  const answers = await connection.responses()
  t.match(answers, [{ status: 404 }])
  t.equal(answers.length, 1)
})

t.test('a connection that was opened and never used closes without a word', async (t) => {
  const connection = await RawConnection.open(url)
  t.equal(await connection.all(), '')
})

t.test('an idle connection is kept for as long as the setting says', async (t) => {
  const patient = await startTestServer({ keepAliveTimeoutMs: 600_000 })
  t.teardown(patient.stop)
  const response = await fetch(`${patient.url}/health/live`)
  t.equal(response.headers.get('keep-alive'), 'timeout=600')
  await response.text()
})

t.test('an upload that stops does not hold up a server that stops', async (t) => {
  const stopping = await startTestServer({ drainTimeoutMs: 3_600_000 })
  t.teardown(stopping.stop)
  const upload = await RawConnection.open(stopping.url)
  upload.send(`${POST_HEAD}content-length: 200\r\nexpect: 100-continue\r\n\r\n{"prompt": "`)
  await upload.see(/100 Continue\r\n\r\n/) // it has been seen
  await stopping.stop()
  upload.received = upload.received.replace('HTTP/1.1 100 Continue\r\n\r\n', '')
  t.match(await upload.responses(), [{ status: 503, headers: { connection: 'close', 'retry-after': '1' }, body: /"code":"draining"/ }])
})
