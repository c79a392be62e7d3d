/** GET /metrics: Prometheus' text format. */
import { Type } from 'typebox'
import { errorResponse } from '../errors/error-schema.js'
import type { App, Source } from '../fastify.js'
import type { OperationContext } from './context.js'

export function addMetricsRoute (app: App, getContext: Source<OperationContext>): void {
  app.get('/metrics', {
    schema: {
      operationId: 'metrics',
      tags: ['operation'],
      summary: 'Metrics for Prometheus',
      response: {
        200: { description: "Prometheus' text format.", content: { 'text/plain': { schema: Type.String() } } },
        '4xx': errorResponse('The request is not valid.')
      }
    }
  }, async (_request, reply) => {
    const { metrics } = getContext()
    return await reply.type(metrics.registry.contentType).send(await metrics.text())
  })
}
