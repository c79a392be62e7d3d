/** GET, POST and DELETE /admin/models: models come and go without a restart. */
import { Type } from 'typebox'
import type { FailedModel, LoadedModel, LoadedModels } from '../../loaded-models.js'
import { errorResponse } from '../errors/error-schema.js'
import type { App, Source } from '../fastify.js'
import { noModel } from '../generation/choose-model.js'
import { canBeAsked } from '../generation/readiness.js'
import { refTo } from '../openapi/reference.js'
import type { AdminContext } from './context.js'
import { LoadModelRequest, ManagedModel, ManagedModelList, REFUSALS } from './schemas.js'

const tags = ['admin']
const Loaded = Type.Object({
  change: Type.Enum(['loaded', 'replaced', 'unchanged'], {
    description: 'replaced: another of its name or folder finishes its requests and goes. unchanged: it is what is served already.'
  }),
  model: refTo(ManagedModel)
}, { description: 'Requests go to it.' })

export function addModelRoutes (app: App, getContext: Source<AdminContext>): void {
  app.get('/admin/models', {
    schema: {
      operationId: 'listManagedModels',
      tags,
      summary: 'List all models, with their folders and states',
      response: { 200: refTo(ManagedModelList), ...REFUSALS }
    }
  }, async (): Promise<ManagedModelList> => ({ object: 'list', data: listOf(getContext().models) }))

  app.post('/admin/models', {
    schema: {
      operationId: 'loadModel',
      tags,
      summary: 'Load a model, or another one in its place',
      description: 'Answers when requests go to it. Those that run finish on the one before, whose workers then end. What is refused ' +
        'changes nothing.',
      body: refTo(LoadModelRequest),
      response: {
        200: Loaded,
        ...REFUSALS,
        422: errorResponse('The folder is not there, or damaged: the message names the file.'),
        503: errorResponse('The server is shutting down.'),
        507: errorResponse('There is not enough memory for it beside the others.')
      }
    }
  }, async ({ body: { folder } }) => {
    const { change, loaded } = await getContext().models.load(folder)
    return { change, model: managed(loaded) }
  })

  const unload = async (name: string): Promise<ManagedModel> => {
    const { models } = getContext()
    const gone = await models.unload(name)
    if (gone === undefined) throw noModel(models, name)
    return 'engine' in gone ? { ...managed(gone), state: 'draining' } : notStarted(gone)
  }
  app.delete('/admin/models/:id', {
    schema: {
      operationId: 'unloadModel',
      tags,
      summary: 'Unload a model',
      description: 'Answers when no request finds it any more. Those that run finish; then its workers end.',
      params: Type.Object({ id: Type.String({ description: 'Its name; a slash in it may come as it is.' }) }),
      response: {
        200: refTo(ManagedModel),
        ...REFUSALS,
        404: errorResponse('No model of that name is loaded.'),
        503: errorResponse('The server is shutting down.')
      }
    }
  }, async ({ params: { id } }) => await unload(id))
  // Names with a slash.
  app.delete('/admin/models/*', {
    schema: { hide: true, params: Type.Object({ '*': Type.String() }), response: { 200: refTo(ManagedModel) } }
  }, async ({ params: { '*': id } }) => await unload(id))
}

function listOf (models: LoadedModels): ManagedModel[] {
  const { all, failed, draining, loading } = models
  return [
    ...all.map(managed),
    ...failed.map(notStarted),
    ...draining.map((model) => ({ ...managed(model), state: 'draining' as const })),
    ...loading === undefined ? [] : [{ model: loading.name, folder: loading.directory, state: 'loading' as const, requests: 0 }]
  ]
}

function managed (loaded: LoadedModel): ManagedModel {
  const { name: model, directory: folder, leases: requests, hash, loadedAt } = loaded
  return { model, folder, state: canBeAsked(loaded) ? 'ready' : 'not_ready', requests, hash, loaded_at: loadedAt.toISOString() }
}

function notStarted ({ name: model, directory: folder, reason: error }: FailedModel): ManagedModel {
  return { model, folder, state: 'failed', requests: 0, error }
}
