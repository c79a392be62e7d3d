/** The real service on a free port, with real session workers, on a tiny model. */
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { readConfig, type Config } from '../../src/config.js'
import type { Engine } from '../../src/engine/engine.js'
import type { Model } from '../../src/model/model.js'
import { startServer, type Server } from '../../src/server/server.js'

export const TINY_TEXT = fileURLToPath(new URL('../fixtures/models/tiny-text', import.meta.url))

export interface TestServer extends Server {
  /** The default model's. */
  readonly engine: Engine
  readonly model: Model
  /** Lines of the log so far, parsed. */
  readonly log: ReadonlyArray<Record<string, unknown>>
}

/** @param settings that differ from the defaults */
export async function startTestServer (settings: Partial<Config> = {}): Promise<TestServer> {
  const log: Array<Record<string, unknown>> = []
  const logger = pino({ level: settings.logLevel ?? 'info' }, {
    write: (line) => { log.push(JSON.parse(line) as Record<string, unknown>) }
  })
  const config = { ...readConfig({}), port: 0, drainGraceMs: 0, modelDirectories: [TINY_TEXT], workers: 1, threads: 1, warmUpMs: 0, maxWaitMs: Infinity, cacheDirectory: undefined, executionProvider: 'cpu' as const, ...settings }
  const server = await startServer(config, logger)
  const [first] = server.models.all
  if (first === undefined) throw new Error('a service that starts has a model')
  return { ...server, engine: first.engine, model: first.model, log }
}
