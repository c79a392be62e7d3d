/** The engine's one clock: what is scheduled, what is due and what waits go by it. Tests bring their own. */

export interface Clock {
  /** Milliseconds, monotonic. */
  readonly now: () => number
  /**
   * Call back once, when `now` is at least `ms` further.
   * @returns what cancels it
   */
  readonly after: (ms: number, callback: () => void) => () => void
}

/** Node's timers take no more, and fire at once where they are given more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const dueAt = performance.now() + ms
    let timer: NodeJS.Timeout
    // Node counts from the beginning of the event loop's turn, so a timer may come a little early.
    const wait = (): void => {
      const left = dueAt - performance.now()
      if (left <= 0) callback()
      else timer = setTimeout(wait, Math.min(Math.ceil(left), LONGEST_TIMER_MS))
    }
    timer = setTimeout(wait, Math.min(ms, LONGEST_TIMER_MS))
    return () => { clearTimeout(timer) }
  }
}
