/** Whole generations through the engine have the marginals and joints of the published code's, within sampling noise. */
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { initialCanvas } from '../../src/diffusion/canvas.js'
import type { Solver } from '../../src/diffusion/solver.js'
import type { StepUpdate } from '../../src/engine/request.js'
import { requestOf, rowOf, startEngine } from '../support/engine.js'
import { Npz } from '../support/npz.js'

const ROWS = 3000
const GOLDEN_ROWS = 20_000
const LENGTH = 12
const STEPS = [1, 2, 4, 8]

/** Cells where two samples of what should be one law differ by more than five standard errors. */
function outliers (counts: Float64Array, golden: Float64Array): string[] {
  const found: string[] = []
  counts.forEach((count, cell) => {
    const expected = golden[cell] ?? NaN
    const share = count / ROWS
    // The pooled share gives the variance, also where one of the samples saw nothing.
    const pooled = (count + expected * GOLDEN_ROWS) / (ROWS + GOLDEN_ROWS)
    const error = Math.sqrt(pooled * (1 - pooled) * (1 / ROWS + 1 / GOLDEN_ROWS))
    if (!(Math.abs(share - expected) <= 5 * error + 1 / ROWS)) found.push(`cell ${cell}: ${share}, published ${expected}`)
  })
  return found
}

for (const source of ['mask', 'uniform'] as const) {
  const golden = new Npz(fileURLToPath(new URL(`../reference/${source}/trajectories.npz`, import.meta.url)))
  const columns = golden.get('cumulative_1_marginals').shape[1] ?? 0
  const noise = { distribution: source, vocabSize: 48, maskTokenId: source === 'mask' ? 48 : null }
  const prefix = [...golden.get('prefix').data]

  t.test(`${source} source`, async (t) => {
    const engine = await startEngine(`tiny-${source}`, { maxQueue: ROWS, maxBatch: 500, threads: 2 })
    t.teardown(() => engine.close())

    for (const solver of ['cumulative', 'euler'] satisfies Solver[]) {
      for (const steps of STEPS) {
        await t.test(`${solver}, ${steps} steps`, async (t) => {
          const marginals = new Float64Array(LENGTH * columns)
          const pair = new Float64Array(columns * columns)
          const changed = new Float64Array(steps * LENGTH)
          const rows = Array.from({ length: ROWS }, (_, seed) => rowOf(seed, LENGTH))
          const before = rows.map(({ template, seed }) => initialCanvas(template, noise, seed))
          const onStep = ({ row, step, tokens }: StepUpdate): void => {
            tokens.forEach((token, i) => {
              if (token !== before[row]?.[i]) changed[(step - 1) * LENGTH + i]! += 1 // in range by construction
            })
            before[row] = tokens
          }
          const sampling = { solver, jumps: 'independent' as const, temperature: 1, topK: 0, topP: 1 }
          const result = await engine.generate(requestOf(rows, steps, { sampling }), { onStep })
          for (const { tokens } of result.rows) {
            tokens.forEach((token, i) => { marginals[i * columns + token]! += 1 }) // in range by construction
            pair[(tokens[3] ?? 0) * columns + (tokens[4] ?? 0)]! += 1
          }
          t.same(outliers(marginals, golden.get(`${solver}_${steps}_marginals`).data), [], 'marginals')
          t.same(outliers(pair, golden.get(`${solver}_${steps}_pair_3_4`).data), [], 'joint of positions 3 and 4')
          t.same(outliers(changed, golden.get(`${solver}_${steps}_change_rate`).data), [], 'share of rows changed at each step')
        })

        await t.test(`${solver}, ${steps} steps, after a frozen prefix`, async (t) => {
          const marginals = new Float64Array(LENGTH * columns)
          const rows = Array.from({ length: ROWS }, (_, seed) => rowOf(1_000_000 + seed, LENGTH, prefix))
          const sampling = { solver, jumps: 'independent' as const, temperature: 1, topK: 0, topP: 1 }
          const result = await engine.generate(requestOf(rows, steps, { sampling }))
          for (const { tokens } of result.rows) {
            tokens.forEach((token, i) => { marginals[i * columns + token]! += 1 }) // in range by construction
          }
          t.same(outliers(marginals, golden.get(`${solver}_${steps}_prefix_marginals`).data), [], 'marginals')
          t.ok(result.rows.every(({ tokens }) => prefix.every((token, i) => tokens[i] === token)), 'the prefix stays')
        })
      }
    }
  })
}
