/** Run the service in this process until a signal stops it. */
import { readConfig, type Config } from './config.js'
import { createLogger } from './logger.js'
import { startServer } from './server/server.js'

/**
 * Reads the environment, listens, and stops on SIGTERM or SIGINT; a second signal exits at once. A wrong setting or
 * a damaged model is one sentence on stderr and exit code 1.
 */
export async function serve (): Promise<void> {
  const config = settings()
  if (config === undefined) return
  const logger = createLogger(config.logLevel)
  process.on('unhandledRejection', (error) => {
    logger.fatal({ err: error }, 'unhandled rejection')
    process.exit(1)
  })
  try {
    const server = await startServer(config, logger)
    stopOnSignals(server.stop, (signal) => { logger.info({ signal }, 'stopping: running generations finish, new ones are refused') })
  } catch (error) {
    fail(error)
  }
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

function stopOnSignals (stop: () => Promise<void>, onSignal: (signal: string) => void): void {
  let stopping = false
  const handle = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1)
    stopping = true
    onSignal(signal)
    stop().then(() => process.exit(0), (error: unknown) => {
      fail(error)
      process.exit(1)
    })
  }
  process.on('SIGTERM', handle)
  process.on('SIGINT', handle)
}
