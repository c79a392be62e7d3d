/** GET and PUT /admin/log-level. */
import type { App, Source } from '../fastify.js'
import { refTo } from '../openapi/reference.js'
import type { AdminContext } from './context.js'
import { LogLevel, REFUSALS } from './schemas.js'

const tags = ['admin']
const response = { 200: refTo(LogLevel), ...REFUSALS }

export function addLogLevelRoutes (app: App, getContext: Source<AdminContext>): void {
  const current = (): LogLevel => ({ level: getContext().logLevel.get() as LogLevel['level'] })
  app.get('/admin/log-level', { schema: { operationId: 'getLogLevel', tags, summary: 'How much is logged?', response } }, async () => current())
  app.put('/admin/log-level', {
    schema: {
      operationId: 'setLogLevel',
      tags,
      summary: 'Log more, or less',
      description: 'Until the server is restarted.',
      body: refTo(LogLevel),
      response
    }
  }, async ({ body: { level }, log }) => {
    getContext().logLevel.set(level)
    log.warn({ level }, 'the level of the log was changed')
    return current()
  })
}
