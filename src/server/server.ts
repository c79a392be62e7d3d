/** A running service: models, engines and app together, from the first byte to the last. */
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import { buildApp, type Service } from '../http/app/build-app.js'
import { Keyring } from '../http/guard/keyring.js'
import { LoadedModels } from '../loaded-models.js'
import { levelOf, type LogLevel } from '../logger/log-level.js'
import { roomForConnections } from '../open-files.js'
import { listen, type Listeners } from './listen.js'

/** How long responses may take to reach their readers where the drain timeout is shorter. */
const LAST_WORDS_MS = 1000
/** How long a request may be on its way that was sent before its client could know that nobody listens any more. */
const ON_THE_WAY_MS = 250

export interface StopOptions {
  /** Whether new requests are still served for the time of the setting; true. A later call without ends that time. */
  readonly grace?: boolean
}

export interface Server {
  /** Where it listens. */
  readonly url: string
  readonly models: LoadedModels
  /** Load what changed in the folders that settings name; see `LoadedModels.reload`. The log says what came of it. Never throws. */
  readonly reload: () => Promise<void>
  /**
   * Stop: not ready at once; after the grace period nobody can connect any more and new generations are refused; running ones
   * finish, then everything closes. What needs longer than the drain timeout is cut off. Calling it again returns the same promise.
   */
  stop: (options?: StopOptions) => Promise<void>
}

export interface StartOptions {
  /** Breaks the start off; of no effect afterwards. */
  readonly signal?: AbortSignal | undefined
  /** undefined: that of the logger. */
  readonly logLevel?: LogLevel
  /** How many lines the log has lost so far; for the metrics. */
  readonly droppedLogLines?: () => number
}

interface Parts {
  readonly service: Service
  readonly listeners: Listeners
  readonly models: LoadedModels
}

/** @throws Error where keys or a model are damaged, no session can be made or the port is taken; the signal's reason */
export async function startServer (config: Config, logger: Logger, options: StartOptions = {}): Promise<Server> {
  // Before the models, which take their time.
  const keyring = await Keyring.open(config, logger)
  try {
    const { stop, ...server } = await startWith(keyring, config, logger, options)
    return { ...server, stop: async (how) => { await stop(how).finally(() => keyring?.close()) } }
  } catch (error) {
    keyring?.close()
    throw error
  }
}

async function startWith (
  keyring: Keyring | undefined, config: Config, logger: Logger,
  { signal, logLevel = levelOf(logger), droppedLogLines }: StartOptions
): Promise<Server> {
  const models = await LoadedModels.start(config.modelDirectories, { ...config, logger, signal })
  try {
    const service = await buildApp({ config, models, keyring, logger, logLevel, droppedLogLines })
    service.app.server.maxConnections = await roomForConnections() ?? Infinity
    signal?.throwIfAborted()
    const listeners = await listen(service, config, (address) => `${models.names.join(', ')}: fewstep listens on ${address}`)
    let stopped: Promise<void> | undefined
    const hurry = new AbortController()
    const stop = ({ grace = true }: StopOptions = {}): Promise<void> => {
      if (!grace) hurry.abort()
      return (stopped ??= stopWithin(config, hurry.signal, { service, listeners, models }))
    }
    return { url: listeners.url, models, reload: async () => { await reload(models, logger) }, stop }
  } catch (error) {
    await models.close()
    throw error
  }
}

async function reload (models: LoadedModels, logger: Logger): Promise<void> {
  try {
    const { failed, ...outcome } = await models.reload()
    for (const { name, reason } of failed) {
      logger.error({ model: name, reason }, models.failure(name) === undefined
        ? 'a model was not loaded: the one before it stays'
        : 'a model did not start: the others are served')
    }
    logger.info(outcome, 'the models were read again')
  } catch (error) {
    logger.error({ reason: (error as Error).message }, 'the models stay as they were')
  }
}

/**
 * Balancers that ask /health/ready learn of it in the grace period. The others learn from being refused a connection, which they
 * take as a sign to ask another replica; an answer of 503 many of them would pass on. So none is given while it can be helped.
 */
async function stopWithin (
  { drainGraceMs, drainTimeoutMs }: Config, hurry: AbortSignal, { service, listeners, models }: Parts
): Promise<void> {
  const { app, lifecycle } = service
  const { replies } = lifecycle
  lifecycle.leave()
  if (drainGraceMs > 0) await delay(drainGraceMs, undefined, { signal: hurry }).catch(() => {}) // there is no time for it
  listeners.close()
  if (await connectionCount(app) > replies.count) await delay(ON_THE_WAY_MS)
  lifecycle.refuse()
  const end = performance.now() + Math.max(drainTimeoutMs, LAST_WORDS_MS)
  await models.drain(drainTimeoutMs)
  await replies.allClosed(end - performance.now())
  lifecycle.noteCutOff()
  const closed = app.close()
  // Connections that never brought a request, which Node does not count as idle, and readers who stall.
  app.server.closeAllConnections()
  await closed
  await models.close()
}

async function connectionCount ({ server }: Service['app']): Promise<number> {
  return await promisify(server.getConnections.bind(server))()
}
