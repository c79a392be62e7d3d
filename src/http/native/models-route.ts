/** GET /v1/models: what is loaded and what it can do, in the shape of OpenAI's list. */
import { Type } from 'typebox'
import { SCHEDULES, SOLVERS, TUNED } from '../../generation/index.js'
import type { LoadedModel } from '../../loaded-models.js'
import { isMaskedDiffusion } from '../../model/manifest.js'
import { tunedBudgets } from '../../model/tuned-schedules.js'
import { errorResponse } from '../errors/error-schema.js'
import type { App, Source } from '../fastify.js'
import { chooseModel } from '../generation/choose-model.js'
import type { GenerationContext } from '../generation/context.js'
import { refTo } from '../openapi/reference.js'
import { ModelCard, ModelList } from './schemas/models.js'
import { supportsOf } from './supports.js'

export function addModelsRoute (app: App, getContext: Source<GenerationContext>): void {
  app.get('/v1/models', {
    schema: {
      operationId: 'listModels',
      tags: ['models'],
      summary: 'List the loaded models',
      response: { 200: refTo(ModelList), '4xx': errorResponse('The request is not valid.') }
    }
  }, async (): Promise<ModelList> => ({
    object: 'list',
    data: getContext().models.all.map((loaded) => modelCard(loaded, getContext().config))
  }))
  const cardOf = (name: string): ModelCard => {
    const { models, config } = getContext()
    return modelCard(chooseModel(models, name), config)
  }
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

function modelCard (
  { model: { manifest }, loadedAt }: LoadedModel, { maxTokens }: Pick<GenerationContext['config'], 'maxTokens'>
): ModelCard {
  const { solver, jumps = 'independent', ...defaults } = manifest.defaults
  const solves = !isMaskedDiffusion(manifest)
  const tuned = tunedBudgets(manifest.schedules)
    .map(({ steps, stepSizes, byDefault }) => ({ steps, step_sizes: [...stepSizes], default: byDefault }))
  return {
    id: manifest.name,
    object: 'model',
    created: Math.floor(loadedAt.getTime() / 1000),
    owned_by: 'fewstep',
    algorithm: manifest.algorithm,
    source_distribution: manifest.source_distribution,
    parameters: manifest.parameters,
    vocab_size: manifest.vocab_size,
    max_length: manifest.max_length,
    trained_step_sizes: manifest.trained_step_sizes,
    solvers: solves ? [...SOLVERS] : [],
    ...(tuned.length === 0 ? { schedules: [...SCHEDULES] } : { schedules: [...SCHEDULES, TUNED], tuned_schedules: tuned }),
    supports: { ...supportsOf(manifest), max_tokens: Math.max(maxTokens, manifest.max_length) },
    defaults: solves ? { ...defaults, solver, jumps } : defaults
  }
}
