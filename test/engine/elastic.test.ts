/** Elastic budgets and early finishes, on a real engine. */
import t from 'tap'
import { systemClock } from '../../src/engine/clock.js'
import { requestOf, rowOf, startEngine } from '../support/engine.js'
import { Draw } from '../support/draw.js'
import type { StepUpdate } from '../../src/engine/request.js'

const ELASTIC = { kind: 'elastic', min: 2, max: 12 } as const

t.test('an elastic budget', async (t) => {
  await t.test('is used whole, and gives what the exact one gives, while nobody waits', async (t) => {
    const engine = await startEngine('tiny-text')
    t.teardown(() => engine.close())
    const updates: StepUpdate[] = []
    const request = requestOf([rowOf(1, 40)], 1, { budget: ELASTIC })
    const [row] = (await engine.generate(request, { onStep: (update) => updates.push(update) })).rows
    t.match(row, { steps: 12, stepsReason: 'full' })
    t.same(updates.map(({ step, steps }) => [step, steps]), Array.from({ length: 12 }, (_, i) => [i + 1, 12]))
    t.equal(updates.at(-1)?.t, 1)
    const [exact] = (await engine.generate(requestOf([rowOf(1, 40)], 12))).rows
    t.same(row?.tokens, exact?.tokens)
  })

  await t.test('shrinks under load, never below its minimum, and says why; an exact one beside it never does', async (t) => {
    // Batches of at most 2 and many canvases: somebody always waits.
    const engine = await startEngine('tiny-text', { maxBatch: 2 })
    t.teardown(() => engine.close())
    const elastic = Array.from({ length: 12 }, (_, seed) => engine.generate(requestOf([rowOf(seed, 40)], 1, { budget: ELASTIC })))
    const exact = Array.from({ length: 12 }, (_, seed) => engine.generate(requestOf([rowOf(seed, 40)], 7)))
    const rows = (await Promise.all(elastic)).flatMap((result) => result.rows)
    t.ok(rows.every(({ steps }) => steps >= ELASTIC.min && steps <= ELASTIC.max))
    t.ok(rows.some(({ steps, stepsReason }) => steps < ELASTIC.max && stepsReason === 'load'))
    for (const { rows: [row] } of await Promise.all(exact)) t.match(row, { steps: 7, stepsReason: 'full' })
  })

  await t.test('shrinks when its deadline comes near', async (t) => {
    let now = 0
    // A clock that shows 40 ms more each time that it is read: steps are slow, whatever the machine does.
    const engine = await startEngine('tiny-text', { clock: { ...systemClock, now: () => (now += 40) } })
    t.teardown(() => engine.close())
    const budget = { kind: 'elastic', min: 2, max: 500 } as const
    const [row] = (await engine.generate(requestOf([rowOf(1, 40)], 1, { budget, deadlineMs: 60_000 }))).rows
    t.equal(row?.stepsReason, 'deadline')
    t.ok(row !== undefined && row.steps > 2 && row.steps < 500, `${row?.steps} steps`)
  })

  await t.test('keeps its promises for any minimum, maximum, deadline and company', async (t) => {
    const engine = await startEngine('tiny-text', { maxBatch: 3, workers: 2, warmUpMs: 50 })
    t.teardown(() => engine.close())
    const draw = new Draw(3)
    await Promise.all(Array.from({ length: 60 }, async (_, seed) => {
      const min = draw.integer(1, 20)
      const budget = { kind: 'elastic', min, max: min + draw.integer(0, 20) } as const
      const request = requestOf([rowOf(seed, draw.integer(1, 60))], 1, { budget, deadlineMs: draw.of([undefined, 60_000]) })
      const times: number[] = []
      const [row] = (await engine.generate(request, { onStep: ({ t }) => times.push(t) })).rows
      t.ok(row !== undefined && row.steps >= budget.min && row.steps <= budget.max)
      t.equal(times.length, row?.steps)
      t.ok(times.every((time, i) => time > (times[i - 1] ?? 0)), 'time goes forward')
      t.equal(times.at(-1), 1, 'and ends at 1')
    }))
  })
})

t.test('stop when stable', async (t) => {
  const engine = await startEngine('tiny-text')
  t.teardown(() => engine.close())
  // Greedy: what stands is certain, so a canvas is stable once its masks are filled.
  const sampling = { solver: 'cumulative', jumps: 'independent', temperature: 0, topK: 0, topP: 1 } as const

  await t.test('takes the last step as soon as few enough changes are expected, and says so', async (t) => {
    const updates: StepUpdate[] = []
    const request = requestOf([rowOf(1, 20)], 200, { sampling, stableBelow: 0.2 })
    const [row] = (await engine.generate(request, { onStep: (update) => updates.push(update) })).rows
    t.equal(row?.stepsReason, 'stable')
    t.ok(row !== undefined && row.steps < 200, `${row?.steps} steps`)
    t.match(updates.at(-1), { step: row?.steps, steps: row?.steps, t: 1 })
    const whole = (await engine.generate(requestOf([rowOf(1, 20)], 200, { sampling }))).rows[0]
    t.match(whole, { steps: 200, stepsReason: 'full' }, 'without it all steps are taken')
  })

  await t.test('leaves a canvas that does not settle alone', async (t) => {
    const [row] = (await engine.generate(requestOf([rowOf(1, 20)], 6, { stableBelow: 1e-9 }))).rows
    t.match(row, { steps: 6, stepsReason: 'full' })
  })

  await t.test('a row that finishes early does not disturb the others of its request', async (t) => {
    const rows = [rowOf(1, 20), rowOf(2, 60), rowOf(3, 5)]
    const request = requestOf(rows, 50, { sampling, stableBelow: 0.1 })
    const together = (await engine.generate(request)).rows
    for (const [i, row] of rows.entries()) t.same(together[i], (await engine.generate({ ...request, rows: [row] })).rows[0])
  })
})
