/** GET /health/live and /health/ready: for those who start, stop and route to the service. */
import { FewstepError } from '../errors.js'
import type { LoadedModel } from '../loaded-models.js'
import type { App, ContextSource } from './context.js'
import { errorResponse } from './schemas/error.js'
import { refTo } from './schemas/reference.js'
import { Liveness, Readiness } from './schemas/service.js'

const tags = ['operation']
const badRequest = errorResponse('The request is not valid.')

export function addHealthRoutes (app: App, getContext: ContextSource): void {
  app.get('/health/live', {
    schema: {
      operationId: 'live',
      tags,
      summary: 'Is the process alive?',
      response: { 200: refTo(Liveness), '4xx': badRequest }
    }
  }, async () => ({ status: 'live' as const }))

  app.get('/health/ready', {
    schema: {
      operationId: 'ready',
      tags,
      summary: 'Can it take requests?',
      description: 'True while every model can be asked. False from the moment the server is told to stop; what runs then still finishes.',
      response: { 200: refTo(Readiness), '4xx': badRequest, 503: errorResponse('A model has no session worker that is ready, or the server is shutting down.') }
    }
  }, async () => {
    const { all } = getContext().models
    if (all.some(({ engine }) => engine.state !== 'ready')) throw new FewstepError('draining', 'the server is shutting down')
    const waiting = all.filter(({ engine }) => engine.stats().workers.ready === 0).map(({ model }) => model.manifest.name)
    if (waiting.length > 0) throw new FewstepError('not_ready', `no session worker of ${waiting.join(', ')} is ready; try again in a moment`)
    return { status: 'ready' as const, models: all.map(readyModel) }
  })
}

function readyModel ({ model, engine }: LoadedModel): Readiness['models'][number] {
  const { workers, queuedRows, runningRows, executionProvider, precision } = engine.stats()
  return {
    model: model.manifest.name,
    execution_provider: executionProvider,
    precision,
    workers: { ready: workers.ready, total: workers.total, threads: workers.threads },
    queued: queuedRows,
    running: runningRows
  }
}
