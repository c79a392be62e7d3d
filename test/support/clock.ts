/** A clock that goes when it is told to. */
import type { Clock } from '../../src/engine/clock.js'

interface Alarm {
  readonly at: number
  readonly ring: () => void
}

export class ManualClock implements Clock {
  readonly #alarms = new Set<Alarm>()
  #now = 0

  readonly now = (): number => this.#now

  readonly after = (ms: number, callback: () => void): (() => void) => {
    const alarm = { at: this.#now + ms, ring: callback }
    this.#alarms.add(alarm)
    return () => { this.#alarms.delete(alarm) }
  }

  /** How many wait. */
  get alarms (): number {
    return this.#alarms.size
  }

  /** Whoever is due is called back, in order. */
  advance (ms: number): void {
    this.#now += ms
    const due = [...this.#alarms].filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at)
    for (const alarm of due) if (this.#alarms.delete(alarm)) alarm.ring()
  }
}
