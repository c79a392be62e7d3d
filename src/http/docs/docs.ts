/** The documents at /docs: pages that were made when the service was built, beside the reference that comes from its routes. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { FewstepError } from '../../errors.js'
import type { App } from '../fastify.js'
import { builtOr } from '../pages/built.js'
import { bundlePages } from '../pages/bundle.js'
import { PAGE_POLICY } from '../pages/policy.js'
import { asSent, sendAnew, type SentFile } from '../pages/sent-file.js'
import { ALL_DOCUMENTS } from './contents.js'
import { FILES } from './links.js'
import { buildSite, INDEX } from './site.js'

/** Where the reference was before the documents came, and where it is. */
const MOVED = { json: 'reference/json', yaml: 'reference/yaml', 'static/index.html': '../reference/' }

export function addDocs (app: App): void {
  const hidden = { schema: { hide: true } }
  let site: Promise<ReadonlyMap<string, SentFile>> | undefined
  /** Read when somebody first looks at it. */
  const fileOf = async (name: string): Promise<SentFile> => {
    const file = (await (site ??= loadSite())).get(name)
    if (file === undefined) throw new FewstepError('not_found', `the documents have no ${name}; /docs lists what there is`)
    return file
  }
  const sendPage = async (name: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    await sendAnew(request, reply.header('content-security-policy', PAGE_POLICY), await fileOf(`${name}.html`))

  // Links are relative, so the slash at the end counts, which the router leaves out of account.
  app.get('/docs', hidden, async (request, reply) =>
    endsInSlash(request) ? await sendPage(INDEX, request, reply) : await reply.redirect('docs/', 301))
  for (const { name } of ALL_DOCUMENTS) {
    app.get(`/docs/${name}`, hidden, async (request, reply) =>
      endsInSlash(request) ? await reply.redirect(`../${name}`, 301) : await sendPage(name, request, reply))
  }
  for (const [name, place] of Object.entries(MOVED)) app.get(`/docs/${name}`, hidden, async (_request, reply) => await reply.redirect(place, 301))
  app.get(`/docs/${FILES}/:file`, { schema: { hide: true, params: Type.Object({ file: Type.String() }) } }, async (request, reply) =>
    await sendAnew(request, reply, await fileOf(request.params.file)))
}

async function loadSite (): Promise<ReadonlyMap<string, SentFile>> {
  return await asSent(await builtOr('docs', async () => await buildSite(await bundlePages())))
}

function endsInSlash ({ url }: FastifyRequest): boolean {
  return url.split('?', 1)[0]?.endsWith('/') === true
}
