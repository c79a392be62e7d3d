/** Keeps account of every row, and objects where the scheduler breaks a promise. */
import type { Row } from '../../../src/engine/row.js'
import { MAX_FAILURES } from '../../../src/engine/suspects.js'
import type { BatchArrays, BatchShape } from '../../../src/engine/step-message.js'

/** A promise that was broken, in a sentence; the text before the colon names the promise. */
export class Violation extends Error {}

interface Account {
  readonly row: Row
  state: 'waiting' | 'running' | 'gone'
  /** Steps that passed. */
  passed: number
  /** Failures of its current step, and whether it was alone in the last. */
  failures: number
  failedAlone: boolean
}

export class Ledger {
  readonly #accounts = new Map<number, Account>()
  readonly #maxBatch: number

  constructor (maxBatch: number) {
    this.#maxBatch = maxBatch
  }

  admitted (row: Row): void {
    this.#accounts.set(row.seed, { row, state: 'waiting', passed: 0, failures: 0, failedAlone: false })
  }

  /** It was cancelled, expired, or its request failed. */
  left (row: Row): void {
    this.#accounts.delete(row.seed)
  }

  taken ({ rows, paddedLength }: BatchShape, batch: BatchArrays): void {
    if (rows > this.#maxBatch || rows < 1) throw new Violation(`batches are within limits: ${rows} rows, where ${this.#maxBatch} are allowed`)
    const accounts = [...batch.seed].map((seed) => this.#accounts.get(seed))
    accounts.forEach((account, i) => {
      if (account === undefined) throw new Violation(`who has left does not run: row ${batch.seed[i]}`)
      const { row, state, passed } = account
      if (state !== 'waiting') throw new Violation(`a row is in one step at a time: row ${row.seed}`)
      if (batch.step[i] !== passed + 1) throw new Violation(`every step is taken once, in order: step ${batch.step[i]} of row ${row.seed} after ${passed}`)
      if (row.paddedLength !== paddedLength) throw new Violation(`a row runs at its own padded length: row ${row.seed}`)
      if (row.lane !== accounts[0]?.row.lane) throw new Violation(`rows of different lanes run apart: row ${row.seed}`)
      if (!(row.h > 0) || row.t + row.h > 1 + 1e-9) throw new Violation(`a step stays within time: from ${row.t} by ${row.h}`)
    })
    this.#servedInTurn(accounts as Account[])
    for (const account of accounts as Account[]) account.state = 'running'
  }

  /** A batch that failed goes before all others, in halves. Else nobody without a deadline is passed over by who is due later. */
  #servedInTurn (chosen: readonly Account[]): void {
    if (chosen.some(({ failures }) => failures > 0)) return
    const first = chosen[0]?.row
    for (const { row, state, failures } of this.#accounts.values()) {
      if (state !== 'waiting' || failures > 0 || row.deadlineAt !== Infinity || first === undefined) continue
      if (row.dueAt < first.dueAt) throw new Violation(`nobody starves: row ${row.seed}, due at ${row.dueAt}, was passed over by row ${first.seed}, due at ${first.dueAt}`)
    }
  }

  /** It did not run, and may not be held to have. */
  takenBack (batch: BatchArrays): void {
    for (const account of this.#of(batch)) account.state = 'waiting'
  }

  passed (batch: BatchArrays): void {
    for (const account of this.#of(batch)) {
      account.passed++
      account.failures = 0
      account.state = 'waiting'
    }
  }

  failed (batch: BatchArrays): void {
    for (const account of this.#of(batch)) {
      account.failures++
      account.failedAlone = batch.seed.length === 1
      account.state = 'waiting'
    }
  }

  done (row: Row): void {
    const account = this.#accounts.get(row.seed)
    if (account === undefined) throw new Violation(`who has left is not done: row ${row.seed}`)
    if (account.passed !== row.step || row.t !== 1) throw new Violation(`a row is done at t = 1, after all its steps: row ${row.seed}`)
    account.state = 'gone'
  }

  givenUp (row: Row): void {
    const account = this.#accounts.get(row.seed)
    if (account === undefined) throw new Violation(`who has left is not given up: row ${row.seed}`)
    if (account.failures < MAX_FAILURES || !account.failedAlone) {
      throw new Violation(`only who fails alone, again and again, is given up: row ${row.seed} after ${account.failures} failures`)
    }
  }

  /** When nothing happens any more. */
  closed (): void {
    for (const { row, state } of this.#accounts.values()) if (state !== 'gone') throw new Violation(`no row is lost: row ${row.seed} is ${state} at the end`)
  }

  #of (batch: BatchArrays): Account[] {
    return [...batch.seed].flatMap((seed) => this.#accounts.get(seed) ?? [])
  }
}
