/** How probable given texts are: a dialect of its own, since no other API has one for models of diffusion. */
import type { App, Source } from '../fastify.js'
import type { GenerationContext } from '../generation/context.js'
import { Score, ScoreRequestBody } from './schemas.js'
import { addScoreRoute } from './score-route.js'

export async function addScore (app: App, getContext: Source<GenerationContext>): Promise<void> {
  for (const shared of [ScoreRequestBody, Score]) app.addSchema(shared)
  addScoreRoute(app, getContext)
}
