/** Rows of one padded length become the arrays of a step and take its result. */
import { solverIndex } from '../diffusion/solver.js'
import type { Row } from './row.js'
import { ScoreRow } from './score-row.js'
import { BY_PLAN, type BatchArrays, type ResultArrays } from './step-message.js'

/** Write row i's state at [i] and, padded with zeros, at [i L, (i + 1) L). */
export function assembleBatch (rows: readonly Row[], batch: BatchArrays): void {
  batch.tokens.fill(0)
  batch.editable.fill(0)
  batch.targets.fill(0)
  rows.forEach((row, i) => {
    const { sampling } = row.plan
    batch.seed[i] = row.seed
    batch.step[i] = row.step + 1
    batch.block[i] = row.plan.block
    batch.length[i] = row.tokens.length
    batch.t[i] = row.t
    batch.h[i] = row.h
    batch.spreadFrom[i] = row.spreadFrom
    batch.temperature[i] = sampling.temperature
    batch.topK[i] = sampling.topK
    batch.topP[i] = sampling.topP
    batch.revealAbove[i] = sampling.revealAbove ?? BY_PLAN
    batch.solver[i] = solverIndex(sampling.solver)
    batch.tokens.set(row.tokens, i * row.paddedLength)
    batch.editable.set(row.editable, i * row.paddedLength)
    if (row instanceof ScoreRow) batch.targets.set(row.targets, i * row.paddedLength)
  })
}

/** Hand each row its part of a step's result. */
export function distributeResult (rows: readonly Row[], result: ResultArrays): void {
  rows.forEach((row, i) => {
    const offset = i * row.paddedLength
    if (row instanceof ScoreRow) row.score(result, offset)
    else row.advance(result.tokens, result.confidence, offset)
  })
}
