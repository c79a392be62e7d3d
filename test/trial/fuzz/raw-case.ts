/** Bytes for a socket: requests as they should be, then damaged; and how they are delivered. A seed decides. */
import { requestText } from '../../support/raw-connection.js'
import type { Draw } from '../../support/draw.js'

export interface RawCase {
  /** Sent one after another. */
  readonly pieces: readonly Buffer[]
  /** What the client does when all is sent. */
  readonly then: 'reads' | 'half-closes' | 'resets' | 'leaves'
}

const MOST_PIECES = 40
const GENERATION = { max_tokens: 4, steps: 2, seed: 1 }

const WHOLE: ReadonlyArray<(draw: Draw) => string> = [
  () => requestText('GET', '/v1/models'),
  () => requestText('GET', '/health/ready', { headers: { connection: 'close' } }),
  () => requestText('POST', '/v1/generate', { body: JSON.stringify(GENERATION) }),
  () => requestText('POST', '/v1/generate', { body: JSON.stringify({ ...GENERATION, stream: true }) }),
  () => requestText('POST', '/v1/completions', { body: JSON.stringify({ model: 'tiny-text', prompt: 'a', max_tokens: 2 }) }),
  () => requestText('OPTIONS', '/v1/generate', { headers: { origin: 'https://a.example', 'access-control-request-method': 'POST' } }),
  () => requestText('POST', '/v1/generate', { headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } }) + chunked(JSON.stringify(GENERATION)),
  (draw) => requestText('POST', '/v1/generate', { headers: { 'content-type': 'application/json', 'content-length': String(draw.of([-1, 0, 5, 30, 10 ** 9, 2 ** 53])) } }) + '{"steps": 2}',
  (draw) => requestText('POST', '/v1/generate', { headers: { 'content-length': '4', 'transfer-encoding': draw.of(['chunked', 'Chunked, identity', 'gzip, chunked', '\tchunked']) } }) + chunked('{}'),
  (draw) => requestText('GET', `/${'a'.repeat(draw.integer(1, 20_000))}`),
  (draw) => requestText('GET', '/v1/models', { headers: { 'x-long': 'b'.repeat(draw.integer(1, 40_000)) } }),
  (draw) => requestText('GET', draw.of(['/%00', '/%', '/%ff%fe', '//v1//models/', '/v1/models/../../etc/passwd', '*', 'http://other/v1/models', '/v1/models/%2e%2e%2f'])),
  (draw) => requestText(draw.of(['get', 'BREW', 'PRI', 'CONNECT', 'TRACE', 'GETGETGETGET', '']), '/v1/models'),
  () => requestText('POST', '/v1/generate', { body: JSON.stringify(GENERATION), headers: { expect: '100-continue' } }),
  () => requestText('GET', '/v1/models', { headers: { connection: 'upgrade', upgrade: 'h2c' } }),
  () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  () => 'GET /v1/models\r\n\r\n',
  () => 'GET /v1/models HTTP/1.1\nHost: a\n\n',
  (draw) => String.fromCharCode(...Array.from({ length: draw.integer(1, 300) }, () => draw.integer(0, 255)))
]

function chunked (body: string): string {
  return `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
}

const DAMAGES: ReadonlyArray<(text: string, draw: Draw) => string> = [
  (text) => text,
  (text) => text,
  (text, draw) => text.slice(0, draw.integer(0, text.length)),
  (text, draw) => at(text, draw, (before, after) => before + String.fromCharCode(draw.integer(0, 255)) + after.slice(1)),
  (text, draw) => at(text, draw, (before, after) => before + draw.of(['\0', '\r', '\n', '\r\n\r\n', ' ', ':', '\x80', '\r\nHost: b']) + after),
  (text, draw) => at(text, draw, (before, after) => before + after.slice(draw.integer(1, 20))),
  (text, draw) => at(text, draw, (before, after) => before + after.slice(0, draw.integer(1, 40)) + after),
  (text) => text.replaceAll('\r\n', '\n'),
  (text, draw) => text.replace(/(\d+)\r\n/, (_, digits: string) => `${draw.of(['f'.repeat(20), '-1', `${digits};x=y`, `0x${digits}`, ' 1'])}\r\n`)
]

function at (text: string, draw: Draw, change: (before: string, after: string) => string): string {
  const place = draw.integer(0, text.length)
  return change(text.slice(0, place), text.slice(place))
}

export function anyRawCase (draw: Draw): RawCase {
  // Several at once are pipelined.
  const texts = Array.from({ length: draw.of([1, 1, 1, 2, 4]) }, () => draw.of(DAMAGES)(draw.of(WHOLE)(draw), draw))
  const bytes = Buffer.from(texts.join(''), 'latin1')
  const pieces = []
  const size = draw.of([bytes.length, bytes.length, 1000, 7])
  // A byte at a time for ever would only try patience.
  for (let begin = 0; begin < bytes.length && pieces.length < MOST_PIECES; begin += size) pieces.push(bytes.subarray(begin, begin + size))
  pieces.push(bytes.subarray(size * pieces.length))
  return { pieces, then: draw.of(['reads', 'reads', 'half-closes', 'resets', 'leaves']) }
}
