/** The playground: a page at / that shows texts being refined. It talks to /v1 like any other client. */
import { Type } from 'typebox'
import { FewstepError } from '../../errors.js'
import type { App } from '../fastify.js'
import { builtOr } from '../pages/built.js'
import { bundlePages, DOCUMENT, PLAYGROUND } from '../pages/bundle.js'
import { PAGE_POLICY } from '../pages/policy.js'
import { asSent, FOR_GOOD, send, sendAnew, type SentFile } from '../pages/sent-file.js'

interface Page {
  readonly document: SentFile
  /** By name, which changes with what is in them. The documents of /docs have theirs among them. */
  readonly assets: ReadonlyMap<string, SentFile>
}

export function addPlayground (app: App): void {
  let page: Promise<Page> | undefined
  /** Read when somebody first looks at it. */
  const loaded = async (): Promise<Page> => await (page ??= loadPage())

  app.get('/', { schema: { hide: true } }, async (request, reply) => {
    const { document } = await loaded()
    return await sendAnew(request, reply.header('content-security-policy', PAGE_POLICY), document)
  })
  app.get('/playground/:file', { schema: { hide: true, params: Type.Object({ file: Type.String() }) } }, async (request, reply) => {
    const { file } = request.params
    const { assets } = await loaded()
    const asset = assets.get(file)
    if (asset === undefined) throw new FewstepError('not_found', 'the page has no such file; load the page anew, it may be of an older version')
    return await send(request, reply.header('cache-control', FOR_GOOD), asset)
  })
}

async function loadPage (): Promise<Page> {
  const assets = await asSent(await builtOr('page', bundlePages))
  const document = assets.get(PLAYGROUND)
  if (document === undefined) throw new Error(`there is no ${PLAYGROUND} in dist/page; npm run build makes it`)
  for (const name of [PLAYGROUND, DOCUMENT]) assets.delete(name)
  return { document, assets }
}
