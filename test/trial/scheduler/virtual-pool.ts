/** Workers without processes: a step takes virtual time, makes tokens, fails or kills its worker, as the scenario says. */
import { AHEAD_MS, StepNotBegun } from '../../../src/engine/ahead.js'
import type { SessionPool, StepOptions } from '../../../src/engine/session-pool.js'
import type { StepResult } from '../../../src/engine/session.js'
import { batchArena, resultArena, type BatchArrays, type BatchShape } from '../../../src/engine/step-message.js'
import { chance, stepCostMs, type Scenario } from './scenario.js'

const RESTART_MS = 50
export const MASK = 64

export interface Step {
  readonly shape: BatchShape
  readonly batch: BatchArrays
  readonly ms: number
  readonly outcome: 'passes' | 'fails' | 'kills its worker'
  readonly expectedMs: number
  readonly onBegin: () => void
  readonly resolve: (result: StepResult) => void
  readonly reject: (error: Error) => void
  /** What was sent ahead. */
  next?: Step
}

export interface PoolEvents {
  /** A worker has been given a step. */
  readonly taken: (step: Step) => void
  /** A step has begun and will end after so long. */
  readonly begun: (step: Step) => void
  /** A step was with a worker that died at the one before. */
  readonly notBegun: (step: Step) => void
  readonly isPoisoned: (rowSeed: number) => boolean
}

export class VirtualPool implements Pick<SessionPool, 'run' | 'idleCount' | 'aheadCount' | 'size'> {
  readonly size: number
  readonly #scenario: Scenario
  readonly #events: PoolEvents
  /** Those that workers are at. */
  readonly #running = new Set<Step>()
  #idle: number
  #steps = 0

  constructor (scenario: Scenario, events: PoolEvents) {
    this.#scenario = scenario
    this.#events = events
    this.size = scenario.workers
    this.#idle = scenario.workers
  }

  get idleCount (): number {
    return this.#idle
  }

  get aheadCount (): number {
    return [...this.#running].filter(hasRoom).length
  }

  async run (
    shape: BatchShape, fill: (batch: BatchArrays) => void, { expectedMs = Infinity, onBegin = () => {} }: StepOptions = {}
  ): Promise<StepResult> {
    const before = this.#idle > 0 ? undefined : [...this.#running].find(hasRoom)
    if (this.#idle === 0 && before === undefined) throw new Error('no idle session')
    const { arrays: batch } = batchArena().view(shape)
    fill(batch)
    return await new Promise((resolve, reject) => {
      const [ms, outcome] = [this.#msOf(shape, batch), this.#outcomeOf(shape, batch)]
      const step = { shape, batch, ms, outcome, expectedMs, onBegin, resolve, reject }
      this.#events.taken(step)
      if (before === undefined) {
        this.#idle--
        this.#begin(step)
      } else before.next = step
    })
  }

  /** @returns ms until the worker is idle; undefined: it goes on with the next step */
  end (step: Step): number | undefined {
    const { outcome, next } = step
    this.#running.delete(step)
    if (outcome === 'passes') step.resolve({ arrays: this.#resultOf(step), runMs: step.ms, worker: undefined })
    else step.reject(new Error(`the step ${outcome}`))
    if (next === undefined) return outcome === 'kills its worker' ? RESTART_MS : 0
    if (outcome !== 'kills its worker') {
      this.#begin(next)
      return undefined
    }
    this.#events.notBegun(next)
    next.reject(new StepNotBegun())
    return RESTART_MS
  }

  release (): void {
    this.#idle++
  }

  #begin (step: Step): void {
    this.#running.add(step)
    step.onBegin()
    this.#events.begun(step)
  }

  #msOf ({ rows, paddedLength }: BatchShape, batch: BatchArrays): number {
    const { seed, jitter } = this.#scenario
    const filters = (batch.topK[0] ?? 0) > 0
    return stepCostMs(rows, paddedLength, filters) * (1 + jitter * (2 * chance(seed, batch.seed[0] ?? 0, batch.step[0] ?? 0, 1) - 1))
  }

  #outcomeOf ({ rows }: BatchShape, batch: BatchArrays): Step['outcome'] {
    const { seed, faultShare, deathShare, mostRows } = this.#scenario
    if (rows > mostRows || batch.seed.some((row) => this.#events.isPoisoned(row))) return 'fails'
    // Another try is another chance.
    const drawn = chance(seed, batch.seed[0] ?? 0, this.#steps++, 2)
    return drawn < faultShare ? 'fails' : drawn < faultShare + deathShare ? 'kills its worker' : 'passes'
  }

  /** Of the masks as many are revealed as the step should, the first ones. */
  #resultOf ({ shape, batch }: Step): StepResult['arrays'] {
    const { arrays } = resultArena().view(shape)
    arrays.tokens.set(batch.tokens)
    arrays.confidence.fill(0.5)
    for (let row = 0; row < shape.rows; row++) {
      const begin = row * shape.paddedLength
      const masks = []
      for (let i = begin; i < begin + (batch.length[row] ?? 0); i++) if (batch.tokens[i] === MASK) masks.push(i)
      const share = (batch.h[row] ?? 1) / (1 - (batch.t[row] ?? 0))
      for (const i of masks.slice(0, Math.ceil(masks.length * share - 1e-6))) arrays.tokens[i] = i % MASK
    }
    return arrays
  }
}

function hasRoom ({ next, expectedMs }: Step): boolean {
  return next === undefined && expectedMs <= AHEAD_MS
}
