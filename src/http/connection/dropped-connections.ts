/** Connections that are closed as soon as they are there, because the server has as many as it may have. */
import type { Server } from 'node:net'
import type { Logger } from 'pino'

/** Between two lines of the log. */
const PAUSE_MS = 10_000

/** @param now ms on a clock that only goes forward */
export function watchDropped (server: Server, logger: Logger, onDrop: () => void, now: () => number = () => performance.now()): void {
  let untold = 0
  let toldAt = -Infinity
  server.on('drop', () => {
    onDrop()
    untold++
    if (now() - toldAt < PAUSE_MS) return
    logger.warn({ most: server.maxConnections, dropped: untold },
      'connections were closed at once: as many are open as the limit of open files leaves room for; raise it (ulimit -n), or add replicas')
    untold = 0
    toldAt = now()
  })
}
