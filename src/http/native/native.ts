/** fewstep's own dialect: every option of a generation, every refinement of it. */
import type { App, Source } from '../fastify.js'
import type { GenerationContext } from '../generation/context.js'
import { addGenerateRoute } from './generate-route.js'
import { addModelsRoute } from './models-route.js'
import { GenerateRequest } from './schemas/generate-request.js'
import { Generation, StepEvent } from './schemas/generation.js'
import { ModelCard, ModelList } from './schemas/models.js'

export async function addNative (app: App, getContext: Source<GenerationContext>): Promise<void> {
  for (const shared of [GenerateRequest, Generation, StepEvent, ModelCard, ModelList]) app.addSchema(shared)
  addGenerateRoute(app, getContext)
  addModelsRoute(app, getContext)
}
