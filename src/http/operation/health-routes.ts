/** GET /health/live and /health/ready: for those who start, stop and route to the service. */
import { Type } from 'typebox'
import type { LoadedModel, LoadedModels } from '../../loaded-models.js'
import { errorResponse } from '../errors/error-schema.js'
import type { App, Source } from '../fastify.js'
import { chooseModel } from '../generation/choose-model.js'
import { canBeAsked, checkReady, type AskedAbout } from '../generation/readiness.js'
import { refTo } from '../openapi/reference.js'
import type { OperationContext } from './context.js'
import { Liveness, Readiness } from './health-schema.js'

const tags = ['operation']
const badRequest = errorResponse('The request is not valid.')
const notReady = errorResponse('No model, or not the one asked about, has a session worker that is ready, or one did not start; ' +
  'or the server is shutting down.')

export function addHealthRoutes (app: App, getContext: Source<OperationContext>): void {
  app.get('/health/live', {
    schema: {
      operationId: 'live',
      tags,
      security: [],
      summary: 'Is the process alive?',
      response: { 200: refTo(Liveness), '4xx': badRequest }
    }
  }, async () => ({ status: 'live' as const }))

  app.get('/health/ready', {
    schema: {
      operationId: 'ready',
      tags,
      security: [],
      summary: 'Should requests be sent here?',
      description: 'True while any model can be asked, or all of them where `FEWSTEP_READY` says so. ' +
        'False from the moment the server is told to stop; what comes in its grace period is still served.',
      querystring: Type.Object({ model: Type.Optional(Type.String({ description: 'Only this one is asked about.' })) }),
      response: {
        200: refTo(Readiness),
        '4xx': badRequest,
        404: errorResponse('No model of that name is loaded.'),
        503: notReady
      }
    }
  }, async ({ query: { model } }) => readiness(getContext(), model))

  app.get('/health', {
    schema: {
      operationId: 'health',
      tags,
      summary: 'The same as /health/ready, for clients that ask here',
      response: { 200: refTo(Readiness), '4xx': badRequest, 503: notReady }
    }
  }, async () => readiness(getContext(), undefined))
}

/** @param name of the one model that is asked about */
function readiness (context: OperationContext, name: string | undefined): Readiness {
  const asked = askedAbout(context.models, name)
  checkReady(context, asked)
  const notStarted = asked.failed.map(({ name, reason }) => ({ model: name, ready: false as const, error: reason }))
  return { status: 'ready', models: [...asked.loaded.map(readyModel), ...notStarted] }
}

function askedAbout (models: LoadedModels, name: string | undefined): AskedAbout {
  if (name === undefined) return { loaded: models.all, failed: models.failed }
  const failure = models.failure(name)
  return failure === undefined ? { loaded: [chooseModel(models, name)], failed: [] } : { loaded: [], failed: [failure] }
}

function readyModel (loaded: LoadedModel): Readiness['models'][number] {
  const { model, engine } = loaded
  const { workers, queuedRows, runningRows, executionProvider, precision } = engine.stats()
  return {
    model: model.manifest.name,
    ready: canBeAsked(loaded),
    execution_provider: executionProvider,
    precision,
    workers: { ready: workers.ready, total: workers.total, threads: workers.threads },
    queued: queuedRows,
    running: runningRows
  }
}
