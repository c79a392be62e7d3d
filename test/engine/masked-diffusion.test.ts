/** LLaDA- and Dream-style models on a real engine: masked tokens are revealed by plan, for good. */
import t from 'tap'
import { timeGrid } from '../../src/diffusion/schedule.js'
import type { GenerationRequest, RowResult, StepUpdate } from '../../src/engine/request.js'
import { fixture, requestOf, rowOf, startEngine } from '../support/engine.js'
import { readManifest } from '../../src/model/manifest.js'

/** How many masks each step leaves: h / (1 - t) of those that are left are revealed, rounded up. The first to leave none is the last. */
function plannedMasks (masks: number, stepSizes: readonly number[]): number[] {
  const grid = timeGrid(Float64Array.from(stepSizes))
  let left = masks
  const planned = stepSizes.map((h, i) => {
    // Times are rounded: 9.00001 are 9.
    left -= Math.ceil(left * h / (1 - (grid[i] ?? 0)) - 1e-3)
    return left
  })
  return planned.slice(0, planned.indexOf(0) + 1)
}

for (const name of ['tiny-llada', 'tiny-dream'] as const) {
  t.test(name, async (t) => {
    const mask = (await readManifest(fixture(name))).mask_token_id ?? -1
    const engine = await startEngine(name)
    t.teardown(() => engine.close())

    /** Canvases after each step, and what comes out. */
    async function watch (
      request: GenerationRequest
    ): Promise<{ canvases: Int32Array[], updates: StepUpdate[], row: RowResult | undefined }> {
      const updates: StepUpdate[] = []
      const { rows: [row] } = await engine.generate(request, { onStep: (update) => updates.push(update) })
      return { canvases: updates.map(({ tokens }) => tokens), updates, row }
    }

    await t.test('reveals as many tokens a step as planned, and never changes one again', async (t) => {
      const schedules = [[0.25, 0.25, 0.25, 0.25], [0.5, 0.3, 0.2], [1], [0.1, 0.2, 0.3, 0.4], new Array<number>(7).fill(1 / 7)]
      for (const stepSizes of schedules) {
        for (const [seed, length] of [[1, 40], [2, 33], [3, 5], [4, 1]] as const) {
          const budget = { kind: 'exact', stepSizes: Float64Array.from(stepSizes) } as const
          const { canvases, row } = await watch(requestOf([rowOf(seed, length)], 1, { budget }))
          t.same(canvases.map((canvas) => canvas.filter((token) => token === mask).length), plannedMasks(length, stepSizes), `${length} tokens in ${stepSizes.join(', ')}`)
          for (const canvas of canvases) t.ok(canvas.every((token, i) => token === mask || token === row?.tokens[i]))
          t.same([...(row?.timeline ?? [])], Array.from({ length }, (_, i) => 1 + canvases.findIndex((canvas) => canvas[i] !== mask)))
        }
      }
    })

    await t.test('is done when nothing is masked any more, and says so', async (t) => {
      const request = requestOf([rowOf(1, 3), rowOf(2, 20)], 16)
      const updates: StepUpdate[] = []
      const { rows: [short, long], networkCalls } = await engine.generate(request, { onStep: (update) => updates.push(update) })
      t.match(short, { steps: 3, stepsReason: 'stable' })
      t.match(long, { steps: 16, stepsReason: 'full' })
      t.equal(networkCalls, 19)
      const first = updates.flatMap(({ row, step, steps, t }) => row === 0 ? [[step, steps, t]] : [])
      t.same(first, [[1, 16, 1 / 16], [2, 16, 2 / 16], [3, 3, 1]])
      t.notOk(short?.tokens.includes(mask))
      t.same(short?.tokens, (await engine.generate(requestOf([rowOf(1, 3)], 3))).rows[0]?.tokens, 'as in as many steps')
    })

    await t.test('that is filled by the last step of its budget used the whole of it', async (t) => {
      for (const budget of [{ kind: 'exact', stepSizes: Float64Array.of(0.5, 0.5) }, { kind: 'elastic', min: 1, max: 2 }] as const) {
        const { row } = await watch(requestOf([rowOf(1, 2)], 1, { budget }))
        t.match(row, { steps: 2, stepsReason: 'full' })
      }
      const { row } = await watch(requestOf([rowOf(1, 2)], 1, { budget: { kind: 'elastic', min: 4, max: 8 } }))
      t.match(row, { steps: 2, stepsReason: 'stable' })
    })

    await t.test('leaves given positions alone, also where they hold the mask token, and counts only its own masks', async (t) => {
      const prefix = [5, mask, 7, mask, mask, 6]
      const { canvases, row } = await watch(requestOf([rowOf(3, 26, prefix)], 4))
      for (const canvas of canvases) t.same([...canvas.subarray(0, prefix.length)], prefix)
      const masks = canvases.map((canvas) => canvas.subarray(prefix.length).filter((token) => token === mask).length)
      t.same(masks, plannedMasks(20, [0.25, 0.25, 0.25, 0.25]))
      t.same([...(row?.timeline.subarray(0, prefix.length) ?? [])], prefix.map(() => 0))
    })

    await t.test('fills what lies between given positions', async (t) => {
      const editable = Uint8Array.from({ length: 24 }, (_, i) => i % 3 === 0 ? 0 : 1)
      const tokens = Int32Array.from({ length: 24 }, (_, i) => i)
      const { canvases: [first], row } = await watch(requestOf([{ seed: 1, template: { tokens, editable } }], 4))
      t.equal(first?.filter((token) => token === mask).length, 12)
      row?.tokens.forEach((token, i) => { t.ok(editable[i] === 0 ? token === i : token !== mask) })
    })

    await t.test('is stable once few enough masks are left, whatever its confidence', async (t) => {
      const { updates, row } = await watch(requestOf([rowOf(1, 40)], 10, { stableBelow: 0.25 }))
      // After 8 steps a fifth is left; after 7 it was three tenths.
      t.match(row, { steps: 9, stepsReason: 'stable' })
      t.match(updates.at(-1), { t: 1, step: 9 })
      t.notOk(row?.tokens.includes(mask))
    })

    await t.test('takes elastic budgets', async (t) => {
      const { row } = await watch(requestOf([rowOf(1, 40)], 1, { budget: { kind: 'elastic', min: 2, max: 5 } }))
      t.match(row, { steps: 5, stepsReason: 'full' })
      t.same(row?.tokens, (await watch(requestOf([rowOf(1, 40)], 5))).row?.tokens)
    })

    await t.test('reveals at once what it is surer of than a threshold, row by row, and never fewer than planned', async (t) => {
      const sampling = { solver: 'cumulative', jumps: 'independent', temperature: 1, topK: 0, topP: 1 } as const
      const at = async (revealAbove: number | undefined): ReturnType<typeof watch> =>
        await watch(requestOf([rowOf(6, 40)], 20, { sampling: { ...sampling, revealAbove } }))
      const alone = [await at(undefined), await at(0.999), await at(0.02), await at(1e-9)]
      const together = await Promise.all([undefined, 0.999, 0.02, 1e-9].map(at))
      for (const [i, { row }] of together.entries()) t.same(row, alone[i]?.row, 'whoever shares its batch')
      const [byPlan, never, some, all] = alone
      t.same(never?.row, byPlan?.row)
      t.match(byPlan?.row, { steps: 20, stepsReason: 'full' })
      t.match(all?.row, { steps: 1, stepsReason: 'stable' })
      t.ok((some?.row?.steps ?? 0) > 1 && (some?.row?.steps ?? 20) < 20, `${some?.row?.steps} steps`)
      t.notOk(some?.row?.tokens.includes(mask))
      const left = some?.canvases.map((canvas) => canvas.filter((token) => token === mask).length) ?? []
      const planned = plannedMasks(40, new Array<number>(20).fill(1 / 20))
      t.ok(left.every((masks, i) => masks <= (planned[i] ?? 0)))
      t.same(left.toSorted((a, b) => b - a), left)
    })

    await t.test('does not look at the solver', async (t) => {
      const results = await Promise.all((['cumulative', 'euler', 'euler_exact'] as const).map((solver) =>
        watch(requestOf([rowOf(8, 30)], 4, { sampling: { solver, jumps: 'independent', temperature: 1, topK: 0, topP: 1 } }))))
      for (const { row } of results) t.same(row, results[0]?.row)
    })
  })
}
