/** Signals: what stops this process, and what must not. Light on purpose: it is in force before anything else is loaded. */
import { EventEmitter } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'

/** Why a start or a generation was broken off. */
export class Stopped extends Error {
  override readonly name = 'Stopped'

  constructor (readonly signal: NodeJS.Signals) {
    super(`stopped by ${signal}`)
  }
}

/** What else an operator asks of a service, by signals. */
export interface Requests {
  /** SIGHUP: load what changed. */
  reload: []
  /** SIGUSR2: log more, or as before. */
  toggleDebug: []
}

export interface ServiceSignals {
  /** Aborted by the first signal that asks to stop, with `Stopped` as its reason. */
  readonly stop: AbortSignal
  /** What comes before anybody listens is lost, but does no harm. */
  readonly requests: EventEmitter<Requests>
}

const STOPPING = ['SIGTERM', 'SIGINT'] as const

/**
 * For a service: from now on SIGTERM and SIGINT ask to stop, and SIGHUP, where there is a terminal that could hang up; else it is an
 * operator's, who wants models to be loaded again.
 * @param onImpatience at the second signal that asks to stop
 */
export function serviceSignals (onImpatience: (signal: NodeJS.Signals) => void): ServiceSignals {
  const requests = new EventEmitter<Requests>()
  const reloads = !hasTerminal()
  if (reloads) process.on('SIGHUP', () => { requests.emit('reload') })
  process.on('SIGUSR2', () => { requests.emit('toggleDebug') })
  return { stop: stopOnSignals(onImpatience, reloads ? STOPPING : undefined), requests }
}

/** Looked for at the start: one that has hung up is no longer there. */
function hasTerminal (): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK))
    return true
  } catch {
    return false
  }
}

/**
 * From now on SIGTERM, SIGINT and SIGHUP (a terminal that is closed) ask to stop. Process 1 of a container loses signals
 * that it does not handle, so this comes before models are loaded, which takes minutes.
 * @param onImpatience at the second signal
 * @returns aborted by the first signal, with `Stopped` as its reason
 */
export function stopOnSignals (
  onImpatience: (signal: NodeJS.Signals) => void, signals: readonly NodeJS.Signals[] = [...STOPPING, 'SIGHUP']
): AbortSignal {
  const controller = new AbortController()
  for (const signal of signals) {
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
