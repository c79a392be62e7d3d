/** Run the service in this process until a signal stops it; others have it load models again, or log more. */
import { once } from 'node:events'
import { readConfig, type Config } from './config.js'
import { createLog, type Log } from './logger/logger.js'
import { explainListenError } from './server/listen-error.js'
import { startServer } from './server/server.js'
import type { ServiceSignals, Stopped } from './signals.js'
import { startTracing } from './tracing/start-tracing.js'
import { VERSION } from './version.js'

/**
 * Reads the environment, listens, and stops when it is told to, also while models load. A wrong setting or a damaged
 * model is one sentence on stderr and exit code 1.
 */
export async function serve (signals: ServiceSignals): Promise<void> {
  process.stderr.on('error', () => {}) // where nobody can read it, the exit code is left
  const config = settings()
  if (config === undefined) return
  const log = createLog(config.logLevel)
  process.on('uncaughtException', (error: unknown) => {
    log.logger.fatal({ err: error }, 'a fault of the service itself: it exits')
    // The log may be what cannot be written.
    fail(error instanceof Error ? error.stack : error)
    process.exit(1)
  })
  try {
    await run(config, log, signals)
    process.exit(0)
  } catch (error) {
    fail(error)
    process.exit(1)
  }
}

async function run (config: Config, { logger, level, droppedLines }: Log, { stop, requests }: ServiceSignals): Promise<void> {
  const say = (message: string): void => { logger.info({ signal: (stop.reason as Stopped).signal }, message) }
  const breakOff = (): void => { say('stopping: the start is broken off') }
  stop.addEventListener('abort', breakOff)
  requests.on('toggleDebug', () => {
    level.set(level.get() !== 'debug' ? 'debug' : config.logLevel === 'debug' ? 'info' : config.logLevel)
    logger.warn({ level: level.get() }, 'the level of the log was changed')
  })
  const tracing = config.traces ? await startTracing(VERSION, logger) : undefined
  let server
  try {
    server = await startServer(config, logger, { signal: stop, logLevel: level, droppedLogLines: droppedLines })
  } catch (error) {
    if (stop.aborted) return
    throw explainListenError(error, config)
  } finally {
    stop.removeEventListener('abort', breakOff)
  }
  const { reload } = server
  requests.on('reload', () => { void reload() })
  if (!stop.aborted) await once(stop, 'abort')
  say('stopping: not ready any more; what comes in the grace period is served, what runs finishes')
  // Whoever presses Ctrl-C has no balancer to wait for.
  await server.stop({ grace: (stop.reason as Stopped).signal !== 'SIGINT' })
  await tracing?.stop()
}

function settings (): Config | undefined {
  try {
    return readConfig()
  } catch (error) {
    fail(error)
    return undefined
  }
}

/** What whoever starts the service has to put right. */
function fail (error: unknown): void {
  process.stderr.write(`fewstep: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
