/** Signals: what stops this process, and what must not. Light on purpose: it is in force before anything else is loaded. */

/** Why a start or a generation was broken off. */
export class Stopped extends Error {
  override readonly name = 'Stopped'

  constructor (readonly signal: NodeJS.Signals) {
    super(`stopped by ${signal}`)
  }
}

/**
 * From now on SIGTERM, SIGINT and SIGHUP (a terminal that is closed) ask to stop. Process 1 of a container loses signals
 * that it does not handle, so this comes before models are loaded, which takes minutes.
 * @param onImpatience at the second signal
 * @returns aborted by the first signal, with `Stopped` as its reason
 */
export function stopOnSignals (onImpatience: (signal: NodeJS.Signals) => void): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) onImpatience(signal)
      else controller.abort(new Stopped(signal))
    })
  }
  ignoreDebugger()
  return controller.signal
}

/** Unless it is handled, SIGUSR1 makes Node open a debugger, through which every local user could run code. */
export function ignoreDebugger (): void {
  process.on('SIGUSR1', () => {})
}
