/** GET /v1/models: what is loaded and what it can do, in the shape of OpenAI's list. */
import { Type } from 'typebox'
import { SCHEDULES, SOLVERS, TUNED } from '../../generation/index.js'
import { isMaskedDiffusion, type Manifest } from '../../model/manifest.js'
import { tunedBudgets } from '../../model/tuned-schedules.js'
import { errorResponse } from '../errors/error-schema.js'
import type { App, Source } from '../fastify.js'
import { chooseModel } from '../generation/choose-model.js'
import type { GenerationContext } from '../generation/context.js'
import { refTo } from '../openapi/reference.js'
import { ModelCard, ModelList } from './schemas/models.js'

export function addModelsRoute (app: App, getContext: Source<GenerationContext>): void {
  const created = Math.floor(Date.now() / 1000)
  app.get('/v1/models', {
    schema: {
      operationId: 'listModels',
      tags: ['models'],
      summary: 'List the loaded models',
      response: { 200: refTo(ModelList), '4xx': errorResponse('The request is not valid.') }
    }
  }, async (): Promise<ModelList> => ({
    object: 'list',
    data: getContext().models.all.map(({ model }) => modelCard(model.manifest, created))
  }))
  const cardOf = (name: string): ModelCard => modelCard(chooseModel(getContext().models, name).model.manifest, created)
  app.get('/v1/models/:id', {
    schema: {
      operationId: 'getModel',
      tags: ['models'],
      summary: 'One of the loaded models',
      params: Type.Object({ id: Type.String({ description: 'Its name; a slash in it may come as it is.' }) }),
      response: {
        200: refTo(ModelCard),
        '4xx': errorResponse('The request is not valid.'),
        404: errorResponse('No model of that name is loaded.')
      }
    }
  }, async ({ params: { id } }) => cardOf(id))
  // Names with a slash.
  app.get('/v1/models/*', {
    schema: { hide: true, params: Type.Object({ '*': Type.String() }), response: { 200: refTo(ModelCard) } }
  }, async ({ params: { '*': id } }) => cardOf(id))
}

function modelCard (manifest: Manifest, created: number): ModelCard {
  const { solver, jumps = 'independent', ...defaults } = manifest.defaults
  const solves = !isMaskedDiffusion(manifest)
  const tuned = tunedBudgets(manifest.schedules)
    .map(({ steps, stepSizes, byDefault }) => ({ steps, step_sizes: [...stepSizes], default: byDefault }))
  return {
    id: manifest.name,
    object: 'model',
    created,
    owned_by: 'fewstep',
    algorithm: manifest.algorithm,
    source_distribution: manifest.source_distribution,
    parameters: manifest.parameters,
    vocab_size: manifest.vocab_size,
    max_length: manifest.max_length,
    trained_step_sizes: manifest.trained_step_sizes,
    solvers: solves ? [...SOLVERS] : [],
    ...(tuned.length === 0 ? { schedules: [...SCHEDULES] } : { schedules: [...SCHEDULES, TUNED], tuned_schedules: tuned }),
    defaults: solves ? { ...defaults, solver, jumps } : defaults
  }
}
