/** All routes: each dialect is a plugin of its own, so that its parsers, hooks and errors are. */
import { addAdmin } from '../admin/admin.js'
import { ErrorBody } from '../errors/error-schema.js'
import { addDocs } from '../docs/docs.js'
import type { App, Source } from '../fastify.js'
import { addKserve } from '../kserve/kserve.js'
import { addNative } from '../native/native.js'
import { addOpenAi } from '../openai/openai.js'
import { addOpenApi, addReference } from '../openapi/openapi.js'
import { addOperation } from '../operation/operation.js'
import { addPlayground } from '../playground/playground.js'
import { addScore } from '../score/score.js'
import type { AppContext } from './context.js'
import { KSERVE_PREFIX } from './error-shape.js'

export async function addRoutes (app: App, getContext: Source<AppContext>): Promise<void> {
  app.addSchema(ErrorBody)
  await addOpenApi(app)
  await app.register(async (native) => { await addNative(native, getContext) })
  await app.register(async (openai) => { await addOpenAi(openai, getContext) })
  await app.register(async (score) => { await addScore(score, getContext) })
  await app.register(async (kserve) => { await addKserve(kserve, getContext) }, { prefix: KSERVE_PREFIX })
  await app.register(async (operation) => { await addOperation(operation, getContext) })
  await app.register(async (admin) => { await addAdmin(admin, getContext) })
  await app.register(async (page) => { addPlayground(page) })
  await app.register(async (docs) => { addDocs(docs) })
  await addReference(app)
}
