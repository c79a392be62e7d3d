/** The page's files as they are sent. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { bundlePage, DOCUMENT, type PageFiles } from './bundle.js'

/** What `npm run build` made; not there where src/ runs as it is. */
const BUILT = new URL('../../page/', import.meta.url)

const TYPES: Partial<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2'
}

export interface PageFile {
  readonly type: string
  readonly body: Buffer
  /** The same, where that is smaller: fonts are compressed as they are. */
  readonly gzipped: Buffer | undefined
  readonly etag: string
}

export interface Page {
  readonly document: PageFile
  /** By name, which changes with what is in them. */
  readonly assets: ReadonlyMap<string, PageFile>
}

export async function loadPage (): Promise<Page> {
  const files = existsSync(BUILT) ? await readBuilt() : await bundlePage()
  const sent = new Map(await Promise.all([...files].map(async ([name, body]) => [name, await asSent(name, Buffer.from(body))] as const)))
  const document = sent.get(DOCUMENT)
  if (document === undefined) throw new Error(`there is no ${DOCUMENT} in ${BUILT.pathname}; npm run build makes it`)
  sent.delete(DOCUMENT)
  return { document, assets: sent }
}

async function readBuilt (): Promise<PageFiles> {
  const names = await readdir(BUILT)
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, BUILT))] as const)))
}

async function asSent (name: string, body: Buffer): Promise<PageFile> {
  const gzipped = await promisify(gzip)(body, { level: 9 })
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    body,
    gzipped: gzipped.length < 0.95 * body.length ? gzipped : undefined,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  }
}
