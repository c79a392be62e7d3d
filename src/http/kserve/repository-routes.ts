/** POST /v2/repository/...: the model repository extension, with which Triton's clients list, load and unload models. Only for admins. */
import { Type, type Static } from 'typebox'
import type { LoadedModels } from '../../loaded-models.js'
import type { App, Source } from '../fastify.js'
import { noModel } from '../generation/choose-model.js'
import { canBeAsked } from '../generation/readiness.js'
import type { KserveContext } from './context.js'
import { MODEL_VERSION } from './model-path.js'
import { errorResponse, NOT_FOUND } from './schemas/error.js'

const tags = ['kserve']
const refused = {
  401: errorResponse('No key that this server knows was sent.'),
  403: errorResponse("The key is not an admin's, or there is none that is."),
  '4xx': errorResponse('The request is not valid.')
}
const params = Type.Object({ name: Type.String({ description: "A model's name; a slash in it is sent as %2F." }) })

const ModelIndex = Type.Array(Type.Object({
  name: Type.String(),
  version: Type.String(),
  state: Type.Enum(['READY', 'UNAVAILABLE', 'LOADING', 'UNLOADING']),
  reason: Type.String({ description: 'Why it is not ready; else empty.' })
}), { description: 'Models that are loaded, and that could be.' })
type IndexEntry = Static<typeof ModelIndex>[number]

const READY = { state: 'READY', reason: '' } as const

/** A body may be left out. */
const optionalBody = (properties: object): object => ({ type: ['object', 'null'], properties, additionalProperties: false })
const Index = Type.Unsafe<{ readonly ready?: boolean } | null | undefined>(optionalBody({
  ready: { type: 'boolean', description: 'true: only those that are ready.' }
}))
/** Of the folder everything is told by its manifest. */
const LoadBody = Type.Unsafe<unknown>(optionalBody({ parameters: { type: 'object', properties: {}, additionalProperties: false } }))
const UnloadBody = Type.Unsafe<unknown>(optionalBody({
  parameters: {
    type: 'object',
    properties: { unload_dependents: { type: 'boolean', description: 'Of no effect: no model depends on another.' } },
    additionalProperties: false
  }
}))
const Nothing = Type.Object({}, { additionalProperties: false, description: 'It is done.' })

export function addRepositoryRoutes (app: App, getContext: Source<KserveContext>): void {
  app.post('/repository/index', {
    schema: { operationId: 'kserveRepositoryIndex', tags, summary: 'Which models are there?', body: Index, response: { 200: ModelIndex, ...refused } }
  }, async ({ body }) => {
    const entries = await indexOf(getContext().models)
    return body?.ready === true ? entries.filter(({ state }) => state === 'READY') : entries
  })

  app.post('/repository/models/:name/load', {
    schema: {
      operationId: 'kserveRepositoryLoad',
      tags,
      summary: 'Load a model, or load it again',
      description: 'As POST /admin/models: from the folder that it has or had, or else from the one below a folder of models whose model has ' +
        'this name.',
      params,
      body: LoadBody,
      response: {
        200: Nothing,
        ...refused,
        ...NOT_FOUND,
        422: errorResponse('The folder is damaged: the message names the file.'),
        503: errorResponse('The server is shutting down.'),
        507: errorResponse('There is not enough memory for it beside the others.')
      }
    }
  }, async ({ params: { name } }) => {
    const { models } = getContext()
    if (await models.loadNamed(name) === undefined) throw noModel(models, name)
    return {}
  })

  app.post('/repository/models/:name/unload', {
    schema: {
      operationId: 'kserveRepositoryUnload',
      tags,
      summary: 'Unload a model',
      description: 'As DELETE /admin/models.',
      params,
      body: UnloadBody,
      response: { 200: Nothing, ...refused, ...NOT_FOUND, 503: errorResponse('The server is shutting down.') }
    }
  }, async ({ params: { name } }) => {
    const { models } = getContext()
    if (await models.unload(name) === undefined) throw noModel(models, name)
    return {}
  })
}

/** A name once: what is served tells more than what goes, and that more than what could come. */
async function indexOf (models: LoadedModels): Promise<IndexEntry[]> {
  const entries = new Map<string, Pick<IndexEntry, 'state' | 'reason'>>()
  for (const name of (await models.available()).keys()) entries.set(name, { state: 'UNAVAILABLE', reason: 'unloaded' })
  for (const { name } of models.draining) entries.set(name, { state: 'UNLOADING', reason: 'its requests finish' })
  for (const { name, reason } of models.failed) entries.set(name, { state: 'UNAVAILABLE', reason })
  if (models.loading !== undefined) entries.set(models.loading.name, { state: 'LOADING', reason: '' })
  for (const loaded of models.all) {
    entries.set(loaded.name, canBeAsked(loaded) ? READY : { state: 'UNAVAILABLE', reason: 'no session worker of it is ready' })
  }
  return [...entries].map(([name, entry]) => ({ name, version: MODEL_VERSION, ...entry }))
}
