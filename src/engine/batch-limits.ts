/** How many rows may run together where more have failed, as where a device has too little memory for them. */
import type { Candidate } from './candidate.js'

/** Rows that may share a batch cost alike. */
export type Kind = Pick<Candidate, 'paddedLength' | 'lane'>

/** How long a size that failed is not tried again: at first, and at most. */
const FIRST_HOLD_MS = 30_000
const LAST_HOLD_MS = 3_600_000

interface Limit {
  /** Rows that went through. */
  readonly rows: number
  readonly until: number
  readonly holdMs: number
}

export class BatchLimits {
  readonly #limits = new Map<string, Limit>()

  /** @param now in ms of the engine's clock */
  rowsFor (kind: Kind, now: number): number {
    const limit = this.#limits.get(keyOf(kind))
    return limit === undefined || now >= limit.until ? Infinity : limit.rows
  }

  /** Rows that failed together went through in parts of up to `rows`. When more fail again later, they are held off twice as long. */
  lower (kind: Kind, rows: number, now: number): void {
    const key = keyOf(kind)
    const before = this.#limits.get(key)
    if (before !== undefined && now < before.until) {
      this.#limits.set(key, { ...before, rows: Math.min(before.rows, rows) })
      return
    }
    const holdMs = before === undefined ? FIRST_HOLD_MS : Math.min(LAST_HOLD_MS, 2 * before.holdMs)
    this.#limits.set(key, { rows, until: now + holdMs, holdMs })
  }

  /** So many rows went through. */
  passed (kind: Kind, rows: number): void {
    const key = keyOf(kind)
    const limit = this.#limits.get(key)
    if (limit !== undefined && rows > limit.rows) this.#limits.delete(key)
  }
}

function keyOf ({ paddedLength, lane }: Kind): string {
  return `${paddedLength} ${lane}`
}
