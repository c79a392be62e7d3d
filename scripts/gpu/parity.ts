/**
 * Every graph of a model on the provider against its float32 graph on the CPU: node --import tsx scripts/gpu/parity.ts MODEL cuda|cpu
 *
 * Canvases of several lengths in one batch. Exit code 1: a graph differs by more than its precision explains, or a row depends on its batch
 * by more than that.
 */
import { NO_TIME_TO_COME } from '../../src/diffusion/jump-times.js'
import type { Session } from '../../src/engine/session.js'
import { BY_PLAN, type BatchArrays } from '../../src/engine/step-message.js'
import { modelGraphs, providerOf } from './graphs.js'

const TIMEOUT_MS = 300_000
/** Of a token's probability. */
const TOLERANCE = { float32: 1e-4, float16: 0.02, int8: 0.1 }
const ROWS = 8

const [directory = '', provider] = process.argv.slice(2)
const { manifest, graphs, open } = await modelGraphs(directory)
const padded = Math.min(64, manifest.max_length)
const lengths = Array.from({ length: ROWS }, (_, row) => Math.max(1, padded - 7 * row))

/** Half masked where there is a mask, nothing to change, every token asked for: so all that comes is what the network says. */
function fill (rows: readonly number[]): (batch: BatchArrays) => void {
  return (batch) => {
    for (const values of [batch.seed, batch.topK, batch.solver, batch.block, batch.editable]) values.fill(0)
    batch.step.fill(1)
    batch.topP.fill(1)
    batch.temperature.fill(1)
    batch.revealAbove.fill(BY_PLAN)
    batch.spreadFrom.fill(NO_TIME_TO_COME)
    batch.t.fill(0.5)
    batch.h.fill(1 / 8)
    for (const [i, row] of rows.entries()) {
      batch.length[i] = lengths[row] ?? 1
      for (let at = 0; at < padded; at++) {
        const token = (31 * row + 17 * at) % Math.min(manifest.vocab_size, 4000)
        batch.tokens[i * padded + at] = at % 2 === 0 && manifest.mask_token_id !== null ? manifest.mask_token_id : token
        if (batch.targets.length > 0) batch.targets[i * padded + at] = token
      }
    }
  }
}

/** Probabilities of the targets at the real positions, row by row. */
async function probabilities (session: Session, rows: readonly number[]): Promise<number[][]> {
  const lane = manifest.graph.version >= 2 ? 'score' : 'step'
  const { arrays } = await session.run({ rows: rows.length, paddedLength: padded, lane }, fill(rows), TIMEOUT_MS)
  const values = lane === 'score' ? arrays.logprob.map(Math.exp) : arrays.confidence
  return rows.map((row, i) => [...values.subarray(i * padded, i * padded + (lengths[row] ?? 1))])
}

function difference (a: readonly number[][], b: readonly number[][]): number {
  return Math.max(...a.flatMap((row, i) => row.map((value, at) => Math.abs(value - (b[i]?.[at] ?? NaN)))))
}

const all = lengths.map((_, row) => row)
const [first] = graphs
if (first === undefined) throw new Error('a manifest without a graph')
const reference = await open(first, 'cpu')
const expected = await probabilities(reference, all)
reference.kill()
let failed = false
for (const graph of graphs) {
  // 8-bit products have no kernels on CUDA.
  if (graph.precision === 'int8' && provider === 'cuda') continue
  const session = await open(graph, providerOf(provider))
  const crowd = await probabilities(session, all)
  const alone: number[][] = []
  for (const row of all) alone.push(...await probabilities(session, [row]))
  session.kill()
  const [error, batch] = [difference(expected, crowd), difference(alone, crowd)]
  // A NaN is no agreement.
  const good = error <= TOLERANCE[graph.precision] && batch <= TOLERANCE[graph.precision]
  failed ||= !good
  console.log(JSON.stringify({ graph: graph.file, provider, worst: error, alone_against_crowd: batch, same_bits: batch === 0, good }))
}
process.exitCode = failed ? 1 : 0
