/** Request bodies: JSON, whatever the content-type says, as its clients send none; for infer with binary tensors after it. */
import type { FastifyRequest } from 'fastify'
import { FewstepError } from '../../errors.js'
import { jsonText, readBody } from '../connection/json-body.js'
import { shorten } from '../errors/shorten.js'
import type { App } from '../fastify.js'

/** How long the JSON at the beginning of a body is, in bytes, where more comes after it. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length'

const binaryParts = new WeakMap<FastifyRequest['raw'], Buffer>()

/** What comes after the JSON of a request; empty where nothing does. */
export function binaryPartOf ({ raw }: Pick<FastifyRequest, 'raw'>): Buffer {
  return binaryParts.get(raw) ?? Buffer.alloc(0)
}

/** @param bodyLimit in bytes */
export function takeAnyJson (app: App, bodyLimit: () => number): void {
  takeBodies(app, bodyLimit, (_request, body) => body)
}

/** @param bodyLimit in bytes, of JSON and tensors together */
export function takeInferBodies (app: App, bodyLimit: () => number): void {
  takeBodies(app, bodyLimit, (request, body) => {
    const header = request.headers[JSON_LENGTH_HEADER]
    if (header === undefined) return body
    const length = /^\d{1,15}$/.test(String(header)) ? Number(header) : NaN
    if (!(length <= body.length)) {
      throw new FewstepError('invalid_request', `the header ${JSON_LENGTH_HEADER} is ${shorten(String(header))}, but the body has ` +
        `${body.length} bytes; it says how many of them are JSON`)
    }
    binaryParts.set(request.raw, body.subarray(length))
    return body.subarray(0, length)
  })
}

function takeBodies (app: App, bodyLimit: () => number, jsonPart: (request: FastifyRequest, body: Buffer) => Buffer): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (request, payload, done) => {
    readBody(request, payload, bodyLimit())
      .then((body) => jsonText(jsonPart(request, body)))
      .then((text) => { void parse(request, text, done) }, done)
  })
}
