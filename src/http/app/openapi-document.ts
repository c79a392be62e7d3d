/** The OpenAPI document without a model, an engine or a listening server. */
import { pino } from 'pino'
import { Lifecycle } from '../connection/lifecycle.js'
import { OpenReplies } from '../connection/open-replies.js'
import { createFastifyApp } from './fastify-app.js'
import { addRoutes } from './routes.js'

export async function openApiDocument (): Promise<object> {
  const settings = {
    bodyLimit: 1024,
    headerLimit: 1024,
    urlLimit: 1024,
    keepAliveTimeoutMs: 1000,
    requestTimeoutMs: 1000,
    sendTimeoutMs: 1000,
    trustProxy: [],
    corsOrigins: []
  }
  const lifecycle = new Lifecycle(new OpenReplies())
  const { app } = await createFastifyApp({ settings, logger: pino({ enabled: false }), lifecycle, served: () => {} })
  await addRoutes(app, () => { throw new Error('this app only describes itself') })
  await app.ready()
  const document = app.swagger()
  await app.close()
  return document
}
