/** The OpenAPI document without a model, an engine or a listening server. */
import { pino } from 'pino'
import { createFastifyApp } from './fastify-app.js'
import { addRoutes } from './routes.js'

export async function openApiDocument (): Promise<object> {
  const app = createFastifyApp({ bodyLimit: 1024, logger: pino({ enabled: false }) })
  await addRoutes(app, () => { throw new Error('this app only describes itself') })
  await app.ready()
  const document = app.swagger()
  await app.close()
  return document
}
