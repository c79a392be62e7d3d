/** For admins: the guard lets nobody else in. */
import type { App, Source } from '../fastify.js'
import type { AdminContext } from './context.js'
import { addLogLevelRoutes } from './log-level-routes.js'
import { addModelRoutes } from './model-routes.js'
import { LoadModelRequest, LogLevel, ManagedModel, ManagedModelList } from './schemas.js'

export async function addAdmin (app: App, getContext: Source<AdminContext>): Promise<void> {
  for (const shared of [ManagedModel, ManagedModelList, LoadModelRequest, LogLevel]) app.addSchema(shared)
  addModelRoutes(app, getContext)
  addLogLevelRoutes(app, getContext)
}
