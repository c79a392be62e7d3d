/** A running service: models, engines and app together, from the first byte to the last. */
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { buildApp } from '../app.js'
import type { Config } from '../config.js'
import { LoadedModels } from '../loaded-models.js'
import { OpenResponses } from './open-responses.js'

/** How long responses may take to reach their readers where the drain timeout is shorter. */
const LAST_WORDS_MS = 1000
const SWEEP_MS = 50

export interface Server {
  /** Where it listens. */
  readonly url: string
  readonly models: LoadedModels
  /**
   * Stop: not ready at once, new generations are refused, running ones finish, then everything closes. What needs
   * longer than the drain timeout is cut off. Calling it again returns the same promise.
   */
  stop: () => Promise<void>
}

export interface StartOptions {
  /** Breaks the start off; of no effect afterwards. */
  readonly signal?: AbortSignal | undefined
  /** How many lines the log has lost so far; for the metrics. */
  readonly droppedLogLines?: () => number
}

interface Parts {
  readonly app: Awaited<ReturnType<typeof buildApp>>
  readonly models: LoadedModels
  readonly responses: OpenResponses
}

/** @throws Error where a model is damaged, no session can be made or the port is taken; the signal's reason */
export async function startServer (config: Config, logger: Logger, { signal, droppedLogLines }: StartOptions = {}): Promise<Server> {
  const models = await LoadedModels.start(config.modelDirectories, { ...config, logger, signal })
  try {
    const app = await buildApp({ config, models, logger, droppedLogLines })
    const responses = new OpenResponses(app.server)
    signal?.throwIfAborted()
    await app.listen({ host: config.host, port: config.port, listenTextResolver: (address) => `${models.names.join(', ')}: fewstep listens on ${address}` })
    const stop = (): Promise<void> => stopWithin(config.drainTimeoutMs, { app, models, responses })
    let stopped: Promise<void> | undefined
    return { url: urlOf(app.server.address() as AddressInfo), models, stop: () => (stopped ??= stop()) }
  } catch (error) {
    await models.close()
    throw error
  }
}

/** The listener stays open while generations finish: whoever asks is told that this replica is not ready. */
async function stopWithin (timeoutMs: number, { app, models, responses }: Parts): Promise<void> {
  const end = performance.now() + Math.max(timeoutMs, LAST_WORDS_MS)
  await models.drain(timeoutMs)
  await responses.allClosed(end - performance.now())
  const closed = app.close()
  // What would keep the server open: connections that went idle only now or never sent a request (which Node does not
  // count as idle), and past the end readers who stall.
  const sweep = setInterval(() => {
    if (responses.count === 0 || performance.now() > end) app.server.closeAllConnections()
  }, SWEEP_MS)
  await closed
  clearInterval(sweep)
  await models.close()
}

function urlOf ({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
