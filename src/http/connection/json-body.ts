/** Request bodies: JSON in UTF-8, read and parsed within bounds that no client can stretch. */
import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { FewstepError } from '../../errors.js'
import { bodyTooLarge } from '../errors/error-body.js'
import { shorten } from '../errors/shorten.js'
import type { App } from '../fastify.js'

/**
 * Objects, lists and fields in one body. Parsing takes up to 2 µs for each: a megabyte of them would keep everybody waiting for a
 * quarter of a second. Numbers and strings in a list cost next to nothing and are not counted.
 */
export const MAX_BODY_NODES = 10_000

/** @param bodyLimit in bytes */
export function takeJsonBodies (app: App, bodyLimit: number): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (request, payload, done) => {
    readBody(request, payload, bodyLimit).then(jsonText).then((text) => { void parse(request, text, done) }, done)
  })
}

/**
 * @param limit in bytes
 * @throws FewstepError unsupported_media_type, body_too_large, or cancelled where the client left
 */
export async function readBody ({ headers }: FastifyRequest, payload: FastifyRequest['raw'], limit: number): Promise<Buffer> {
  checkEncoding(headers)
  if (Number(headers['content-length']) > limit) throw bodyTooLarge(limit)
  return await readBytes(payload, limit)
}

/**
 * @returns the text of JSON that is worth parsing
 * @throws FewstepError invalid_json or invalid_request
 */
export function jsonText (body: Buffer): string {
  if (!isUtf8(body)) throw new FewstepError('invalid_json', 'the request body is not valid UTF-8; JSON is sent as UTF-8')
  if (hasTooManyNodes(body)) {
    throw new FewstepError('invalid_request',
      `the request body has more than ${MAX_BODY_NODES} objects, lists and fields; no request needs so many`)
  }
  return body.toString()
}

/** What the headers say must be what is understood: a body that is read otherwise than it was meant is worse than none. */
function checkEncoding ({ 'content-encoding': coding = 'identity', 'content-type': type = '' }: IncomingHttpHeaders): void {
  if (coding.trim().toLowerCase() !== 'identity') {
    throw new FewstepError('unsupported_media_type', `the request body is encoded as ${shorten(coding)}; send it uncompressed, without ` +
      'a content-encoding header')
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new FewstepError('unsupported_media_type', `the request body is declared as ${shorten(charset)}; send UTF-8, with the header ` +
      '"content-type: application/json"')
  }
}

/**
 * Pulled, so that a body that comes byte by byte is joined in the socket's buffer: a chunk takes memory of its own, however short it is.
 */
async function readBytes (payload: FastifyRequest['raw'], limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    // A body that is too large is answered: the connection must outlive the reading.
    for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > limit) throw bodyTooLarge(limit)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof FewstepError) throw error
    throw new FewstepError('cancelled', 'the client left before its request was whole', { cause: error })
  }
  return Buffer.concat(chunks, length)
}

/** Counts what opens an object or a list or ends a field's name, outside of strings. */
function hasTooManyNodes (body: Buffer): boolean {
  if (body.length <= MAX_BODY_NODES) return false
  let nodes = 0
  let inString = false
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (byte === QUOTE) inString = !inString
    else if (inString) {
      if (byte === BACKSLASH) i++
    } else if ((byte === BRACE || byte === BRACKET || byte === COLON) && ++nodes > MAX_BODY_NODES) return true
  }
  return false
}

const [QUOTE, BACKSLASH, BRACE, BRACKET, COLON] = Buffer.from('"\\{[:')
