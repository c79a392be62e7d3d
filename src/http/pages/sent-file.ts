/** Files of pages as they are sent: compressed once, and known again by what is in them. */
import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

const TYPES: Partial<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
  '.svg': 'image/svg+xml'
}

/** Of a file whose name changes with what is in it. */
export const FOR_GOOD = 'public, max-age=31536000, immutable'

export interface SentFile {
  readonly type: string
  readonly body: Buffer
  /** The same, where that is smaller: fonts and pictures are compressed as they are. */
  readonly gzipped: Buffer | undefined
  readonly etag: string
}

export async function asSent (files: Iterable<readonly [name: string, contents: Uint8Array]>): Promise<Map<string, SentFile>> {
  return new Map(await Promise.all([...files].map(async ([name, contents]) => {
    return [name, await sentFile(name, Buffer.from(contents))] as const
  })))
}

async function sentFile (name: string, body: Buffer): Promise<SentFile> {
  const gzipped = await promisify(gzip)(body, { level: 9 })
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    body,
    gzipped: gzipped.length < 0.95 * body.length ? gzipped : undefined,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  }
}

/** What may be another one next time: it is asked for again, and not sent where it is the same. */
export async function sendAnew (request: FastifyRequest, reply: FastifyReply, file: SentFile): Promise<FastifyReply> {
  reply.headers({ 'cache-control': 'no-cache', etag: file.etag })
  if (request.headers['if-none-match'] === file.etag) return await reply.code(304).send()
  return await send(request, reply, file)
}

export async function send (request: FastifyRequest, reply: FastifyReply, { type, body, gzipped }: SentFile): Promise<FastifyReply> {
  reply.type(type)
  if (gzipped === undefined) return await reply.send(body)
  reply.header('vary', 'accept-encoding')
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return await reply.send(body)
  return await reply.header('content-encoding', 'gzip').send(gzipped)
}
