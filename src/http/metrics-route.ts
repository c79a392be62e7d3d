/** GET /metrics: Prometheus' text format. */
import { Type } from 'typebox'
import type { App, ContextSource } from './context.js'
import { errorResponse } from './schemas/error.js'

export function addMetricsRoute (app: App, getContext: ContextSource): void {
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
    const { registry } = getContext().metrics
    return await reply.type(registry.contentType).send(await registry.metrics())
  })
}
