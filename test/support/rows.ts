/** Rows outside an engine. */
import { namedSchedule } from '../../src/diffusion/schedule.js'
import { Row, type RowSource } from '../../src/engine/row.js'
import { rowOf } from './engine.js'

/** Of tiny-faulty; see train/tests/faulty_graph.py. */
const SOURCE: RowSource = { distribution: 'mask', vocabSize: 64, maskTokenId: 64, exponent: 1, revealsForGood: false, maxLength: 64 }

/** Free canvases of eight tokens, to be refined in two steps. */
export function rowsOf (count: number, prefix: readonly number[] = []): Row[] {
  const plan = {
    sampling: { solver: 'cumulative', jumps: 'independent', temperature: 1, topK: 0, topP: 1 },
    budget: { kind: 'exact', stepSizes: namedSchedule('uniform', 2) },
    stableBelow: undefined,
    block: 0,
    dueAt: 10_000,
    deadlineAt: Infinity,
    paceAt: Infinity,
    later: []
  } as const
  return Array.from({ length: count }, (_, i) => new Row(i, rowOf(i, 8, prefix), plan, SOURCE))
}
