import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { MAX_BODY_NODES } from '../../../src/http/connection/json-body.js'
import { failure, post } from '../../support/client.js'
import { startTestServer } from '../../support/server.js'

const server = await startTestServer()
t.teardown(server.stop)
const { url } = server

/** A body of these bytes, under other headers than usual. */
async function send (body: Uint8Array | string, headers: Record<string, string> = {}): Promise<ReturnType<typeof failure>> {
  return await failure(url, undefined, { body, headers })
}

t.test('bytes that are not UTF-8 get 400, and no text is made of them', async (t) => {
  const latin1 = Buffer.from('{"prompt": "caf\xe9"}', 'latin1')
  const half = Buffer.from('{"prompt": "\ud83d\ude00"}').subarray(0, -4)
  for (const body of [latin1, half, Buffer.from('{}', 'utf16le').subarray(0, 3)]) {
    t.match(await send(body), { status: 400, code: 'invalid_json' })
  }
  t.match(await send(latin1), { message: /not valid UTF-8/ })
})

t.test('a byte order mark is no mistake', async (t) => {
  t.equal((await post(url, '\ufeff{"max_tokens": 1, "steps": 1}')).status, 200)
})

t.test('a compressed body gets 415, which says what to send', async (t) => {
  const body = gzipSync('{"max_tokens": 1}')
  t.match(await send(body, { 'content-encoding': 'gzip' }), { status: 415, code: 'unsupported_media_type', message: /encoded as gzip; send it uncompressed/ })
  t.equal((await post(url, { max_tokens: 1, steps: 1 }, { headers: { 'content-encoding': 'identity' } })).status, 200)
})

t.test('a body declared in another charset gets 415, which says what to send', async (t) => {
  const body = Buffer.from('{"prompt": "caf\xe9"}', 'latin1')
  for (const charset of ['iso-8859-1', '"windows-1252"', 'utf-16']) {
    t.match(await send(body, { 'content-type': `application/json; charset=${charset}` }), { status: 415, code: 'unsupported_media_type', message: /send UTF-8/ }, charset)
  }
  for (const charset of ['utf-8', 'UTF8', '"utf-8"']) {
    const response = await post(url, { max_tokens: 1, steps: 1 }, { headers: { 'content-type': `application/json; charset=${charset}` } })
    t.equal(response.status, 200, charset)
  }
})

t.test('a body of more objects, lists and fields than any request needs is refused unparsed', async (t) => {
  const many = MAX_BODY_NODES + 1
  const bodies = {
    'deep lists': '['.repeat(many) + ']'.repeat(many),
    'deep objects': '{"a":'.repeat(many) + '1' + '}'.repeat(many),
    'empty objects': `[${new Array(many).fill('{}').join(',')}]`,
    'fields with names of their own': `{${Array.from({ length: many }, (_, i) => `"${i}":1`).join(',')}}`,
    // Broken at its end: whoever parsed it would say so.
    'unparsed indeed': '['.repeat(many)
  }
  for (const [name, body] of Object.entries(bodies)) {
    t.match(await send(body), { status: 400, code: 'invalid_request', message: /more than 10000 objects, lists and fields/ }, name)
  }
})

t.test('what is in strings is not counted, nor are numbers', async (t) => {
  const text = `\\"${'[{:'.repeat(MAX_BODY_NODES)}`
  t.match(await failure(url, { prompt: text }), { status: 422, code: 'prompt_too_long' })
  t.match(await failure(url, { schedule: new Array(100_000).fill(1) }), { status: 400, field: 'schedule', message: /at most 1024 entries/ })
})

t.test('a body may come byte by byte', async (t) => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(['POST /v1/generate HTTP/1.1', `host: ${hostname}`, 'content-type: application/json', 'connection: close', 'transfer-encoding: chunked', '', ''].join('\r\n'))
  for (const character of '{"max_tokens": 1, "steps": 1}') socket.write(`1\r\n${character}\r\n`)
  socket.write('0\r\n\r\n')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => { answer += text })
  await once(socket, 'close')
  t.match(answer, /^HTTP\/1\.1 200 /)
})

t.test('a body beyond the limit is refused by its header alone, or where it passes the limit', async (t) => {
  const server = await startTestServer({ bodyLimit: 4096 })
  t.teardown(server.stop)
  const { hostname, port } = new URL(server.url)
  const head = ['POST /v1/generate HTTP/1.1', `host: ${hostname}`, 'content-type: application/json']
  const starts = {
    'its length is said': [...head, 'content-length: 100000', '', '{'].join('\r\n'),
    'its length is not said': [...head, 'transfer-encoding: chunked', '', '1001', ' '.repeat(4097), ''].join('\r\n')
  }
  for (const [name, start] of Object.entries(starts)) {
    const socket = connect(Number(port), hostname)
    socket.write(start) // and never its end
    const [answer] = await once(socket.setEncoding('utf8'), 'data') as [string]
    t.match(answer, /^HTTP\/1\.1 413 /, name)
    t.match(answer, /body_too_large/, name)
    socket.destroy()
  }
})
