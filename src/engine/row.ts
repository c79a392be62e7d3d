/** One canvas on its way from t = 0 to t = 1, and how rows become the arrays of a step and back. */
import { initialCanvas, lengthBucket, type Source } from '../diffusion/canvas.js'
import { fillNoise } from '../diffusion/random.js'
import { solverIndex } from '../diffusion/solver.js'
import type { RowRequest, RowResult, Sampling } from './request.js'
import type { StepBatch, StepResult } from './worker-protocol.js'

export interface RowPlan {
  readonly sampling: Sampling
  readonly stepSizes: Float64Array
  /** S + 1 times, from 0 to 1 */
  readonly timeGrid: Float64Array
  /** When its rows are due, in ms of the engine's clock. */
  readonly dueAt: number
}

export class Row {
  readonly sequence: number
  readonly paddedLength: number
  readonly seed: number
  readonly plan: RowPlan
  readonly editable: Uint8Array
  readonly timeline: Int32Array
  tokens: Int32Array
  confidence: Float32Array
  /** Steps taken. */
  step = 0
  /** Failed attempts at the current step. */
  failures = 0

  constructor (sequence: number, request: RowRequest, plan: RowPlan, source: Source, maxLength: number) {
    this.sequence = sequence
    this.seed = request.seed
    this.plan = plan
    this.editable = request.template.editable
    this.tokens = initialCanvas(request.template, source, request.seed)
    this.confidence = new Float32Array(this.tokens.length)
    this.timeline = new Int32Array(this.tokens.length)
    this.paddedLength = lengthBucket(this.tokens.length, maxLength)
  }

  get steps (): number {
    return this.plan.stepSizes.length
  }

  get dueAt (): number {
    return this.plan.dueAt
  }

  get done (): boolean {
    return this.step === this.steps
  }

  /** Time reached. */
  get t (): number {
    return this.plan.timeGrid[this.step] ?? 1
  }

  /** Take the canvas that a step made. */
  advance (tokens: Int32Array, confidence: Float32Array): void {
    this.step++
    this.failures = 0
    tokens.forEach((token, i) => { if (token !== this.tokens[i]) this.timeline[i] = this.step })
    this.tokens = tokens
    this.confidence = confidence
  }

  result (): RowResult {
    return { tokens: this.tokens, confidence: this.confidence, timeline: this.timeline, steps: this.step }
  }
}

/** The inputs of one step for rows of one padded length. */
export function assembleBatch (rows: readonly Row[]): StepBatch {
  const paddedLength = rows[0]?.paddedLength ?? 0
  const cells = rows.length * paddedLength
  const batch = {
    rows: rows.length,
    paddedLength,
    tokens: new Int32Array(cells),
    length: new Int32Array(rows.length),
    t: new Float32Array(rows.length),
    h: new Float32Array(rows.length),
    temperature: new Float32Array(rows.length),
    topK: new Int32Array(rows.length),
    topP: new Float32Array(rows.length),
    solver: new Int32Array(rows.length),
    editable: new Uint8Array(cells),
    noise: new Float32Array(2 * cells)
  }
  rows.forEach((row, i) => {
    const { sampling } = row.plan
    const offset = i * paddedLength
    batch.tokens.set(row.tokens, offset)
    batch.editable.set(row.editable, offset)
    batch.length[i] = row.tokens.length
    batch.t[i] = row.t
    // The last step ends at 1 exactly, whatever rounding did to the sum of the others.
    batch.h[i] = row.step === row.steps - 1 ? 1 - row.t : (row.plan.stepSizes[row.step] ?? 0)
    batch.temperature[i] = sampling.temperature
    batch.topK[i] = sampling.topK
    batch.topP[i] = sampling.topP
    batch.solver[i] = solverIndex(sampling.solver)
    fillNoise(row.seed, row.step + 1, row.tokens.length, batch.noise, 2 * offset)
  })
  return batch
}

/** Hand each row its part of a step's result. */
export function distributeResult (rows: readonly Row[], result: StepResult): void {
  rows.forEach((row, i) => {
    const begin = i * row.paddedLength
    const end = begin + row.tokens.length
    row.advance(result.tokens.slice(begin, end), result.confidence.slice(begin, end))
  })
}
