/**
 * KServe's version 2 protocol, the open inference protocol, with its extensions for generation and binary tensors: for clients that speak
 * it to whatever serves a model.
 */
import { addErrorHandler } from '../errors/error-handler.js'
import type { App, Source } from '../fastify.js'
import { takeAnyJson, takeInferBodies } from './body.js'
import type { KserveContext } from './context.js'
import { addGenerateRoutes } from './generate-route.js'
import { addHealthRoutes } from './health-routes.js'
import { addInferRoute } from './infer-route.js'
import { addMetadataRoutes } from './metadata-routes.js'
import { addRepositoryRoutes } from './repository-routes.js'
import { KserveError, toErrorBody } from './schemas/error.js'
import { GenerateAnswer, GenerateBody, RefinementAnswer } from './schemas/generate.js'
import { InferAnswer, InferBody } from './schemas/infer.js'

/** Below a prefix: what is asked there and does not exist is refused in this dialect too. */
export async function addKserve (app: App, getContext: Source<KserveContext>): Promise<void> {
  const bodyLimit = (): number => getContext().config.bodyLimit
  for (const shared of [KserveError, GenerateBody, GenerateAnswer, RefinementAnswer, InferBody, InferAnswer]) app.addSchema(shared)
  addErrorHandler(app, bodyLimit, () => toErrorBody)
  // A hook refuses what does not exist; this says in whose shape.
  app.setNotFoundHandler(() => { throw new Error('it was refused before') })
  takeAnyJson(app, bodyLimit)
  addHealthRoutes(app, getContext)
  addMetadataRoutes(app, getContext)
  addGenerateRoutes(app, getContext)
  addRepositoryRoutes(app, getContext)
  await app.register(async (infer) => {
    takeInferBodies(infer, bodyLimit)
    addInferRoute(infer, getContext)
  })
}
