/** The playground: a page at / that shows texts being refined. It talks to /v1 like any other client. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { FewstepError } from '../../errors.js'
import type { App } from '../fastify.js'
import { loadPage, type Page, type PageFile } from './page.js'

/** Stricter than for the rest: what the page runs, shows and asks comes from here, and nothing is inline. */
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'", "img-src 'self' data:", "connect-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"
].join('; ')
const FOR_GOOD = 'public, max-age=31536000, immutable'

export function addPlayground (app: App): void {
  let page: Promise<Page> | undefined
  /** Read when somebody first looks at it. */
  const loaded = async (): Promise<Page> => await (page ??= loadPage())

  app.get('/', { schema: { hide: true } }, async (request, reply) => {
    const { document } = await loaded()
    reply.headers({ 'content-security-policy': POLICY, 'cache-control': 'no-cache', etag: document.etag })
    if (request.headers['if-none-match'] === document.etag) return await reply.code(304).send()
    return await send(request, reply, document)
  })
  app.get('/playground/:file', { schema: { hide: true, params: Type.Object({ file: Type.String() }) } }, async (request, reply) => {
    const { file } = request.params
    const { assets } = await loaded()
    const asset = assets.get(file)
    if (asset === undefined) throw new FewstepError('not_found', 'the page has no such file; load the page anew, it may be of an older version')
    return await send(request, reply.header('cache-control', FOR_GOOD), asset)
  })
}

async function send (request: FastifyRequest, reply: FastifyReply, { type, body, gzipped }: PageFile): Promise<FastifyReply> {
  reply.type(type)
  if (gzipped === undefined) return await reply.send(body)
  reply.header('vary', 'accept-encoding')
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return await reply.send(body)
  return await reply.header('content-encoding', 'gzip').send(gzipped)
}
