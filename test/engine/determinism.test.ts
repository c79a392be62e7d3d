/**
 * The seed decides the result: property-tested over random requests, of one canvas or of blocks, with and without a threshold, in
 * whatever batches, on one worker or two, with one thread or more, in any order of arrival, beside elastic requests, and when workers
 * die on the way.
 */
import t from 'tap'
import { namedSchedule } from '../../src/diffusion/schedule.js'
import { SOLVERS } from '../../src/diffusion/solver.js'
import type { Engine, EngineOptions } from '../../src/engine/engine.js'
import type { CanvasTemplate, GenerationRequest, RowResult, StepListener } from '../../src/engine/request.js'
import { requestOf, rowOf, startEngine, type FixtureName } from '../support/engine.js'
import { Draw } from '../support/draw.js'

const LAWS = [...SOLVERS.map((solver) => ({ solver, jumps: 'independent' as const })), { solver: 'cumulative' as const, jumps: 'spread' as const }]

const CASES = 40

/** Any request that the engine takes with a budget that is exact; of several canvases, where `later` says so. */
function anyRequest (draw: Draw): GenerationRequest {
  const rows = Array.from({ length: draw.integer(1, 3) }, () => {
    const length = draw.integer(1, 12)
    const prefix = Array.from({ length: draw.integer(0, length - 1) }, () => draw.integer(0, 47))
    return rowOf(draw.integer(0, 2 ** 40), length, prefix)
  })
  const steps = draw.integer(1, 9)
  return requestOf(rows, steps, {
    budget: { kind: 'exact', stepSizes: namedSchedule(draw.of(['uniform', 'geometric']), steps) },
    sampling: {
      ...draw.of(LAWS),
      temperature: draw.of([0, 0.7, 1]),
      topK: draw.of([0, 0, 5]),
      topP: draw.of([1, 1, 0.8]),
      revealAbove: draw.of([undefined, undefined, 0.03])
    },
    stableBelow: draw.of([undefined, undefined, 0.3]),
    priority: draw.integer(-2, 2),
    later: new Array<{ length: number, made: number }>(draw.of([0, 0, 0, 2])).fill({ length: 12, made: 6 })
  })
}

/** What must not depend on anything but the request: all that comes of all its canvases. */
async function outcome (engine: Engine, request: GenerationRequest, onStep?: StepListener): Promise<unknown[]> {
  return await engine.withTicket(request, {}, async (ticket) => await Promise.all(request.rows.map(async (each, row) => {
    const made: unknown[] = []
    let { template } = each
    for (let block = 0; block <= (request.later?.length ?? 0); block++) {
      const result = await ticket.refine({ row, block, template }, onStep)
      const { tokens, confidence, timeline, steps, stepsReason } = result
      made.push([[...tokens], [...confidence], [...timeline], steps, stepsReason])
      template = following(result)
    }
    return made
  })))
}

/** The second half of a canvas is the frozen prefix of the next one. */
function following ({ tokens }: RowResult): CanvasTemplate {
  const prefix = tokens.subarray(tokens.length >> 1)
  const next = new Int32Array(tokens.length)
  next.set(prefix)
  return { tokens: next, editable: new Uint8Array(tokens.length).fill(1, Math.min(prefix.length, tokens.length - 1)) }
}

const SETTINGS = [
  { name: 'batches of 16', options: {} },
  { name: 'batches of 3 on two workers', options: { workers: 2, maxBatch: 3 } },
  { name: 'two threads', options: { threads: 2 } },
  { name: 'batches by a measured cost curve', options: { warmUpMs: 50 } }
] satisfies Array<{ name: string, options: Partial<EngineOptions> }>

for (const [i, name] of (['tiny-mask', 'tiny-uniform', 'tiny-llada', 'tiny-dream'] satisfies FixtureName[]).entries()) {
  t.test(name, async (t) => {
    const draw = new Draw(i + 1)
    const requests = Array.from({ length: CASES }, () => anyRequest(draw))
    const alone: unknown[] = []
    const reference = await startEngine(name, { maxBatch: 1 })
    for (const request of requests) alone.push(await outcome(reference, request))
    await reference.close()

    /** Every request at once, in a random order; `onStep` may interfere. */
    const together = async (engine: Engine, onStep?: () => void): Promise<unknown[]> => {
      const results: unknown[] = []
      const order = draw.shuffled(requests.map((_, i) => i))
      await Promise.all(order.map(async (i) => {
        const request = requests[i]
        if (request !== undefined) results[i] = await outcome(engine, request, onStep)
      }))
      return results
    }

    for (const { name: setting, options } of SETTINGS) {
      await t.test(`one by one or all at once, in ${setting}: the same`, async (t) => {
        const engine = await startEngine(name, options)
        t.teardown(() => engine.close())
        t.same(await together(engine), alone)
        t.same(await together(engine), alone, 'and again, in another order')
      })
    }

    await t.test('company whose budgets are elastic changes nothing', async (t) => {
      const engine = await startEngine(name, { maxBatch: 4, warmUpMs: 50 })
      t.teardown(() => engine.close())
      const elastic = Array.from({ length: 12 }, (_, seed) =>
        engine.generate(requestOf([rowOf(seed, 12)], 1, { budget: { kind: 'elastic', min: 1, max: 12 } })))
      t.same(await together(engine), alone)
      await Promise.all(elastic)
    })

    await t.test('workers that die in the middle change nothing', async (t) => {
      const engine = await startEngine(name, { workers: 2, maxBatch: 4 })
      t.teardown(() => engine.close())
      let steps = 0
      let killed = 0
      const results = await together(engine, () => {
        const [pid] = engine.workerPids
        // Far enough apart that no step dies three times.
        if (++steps % 60 === 0 && pid !== undefined) killed += Number(process.kill(pid, 'SIGKILL'))
      })
      t.ok(killed >= 2, `${killed} workers were killed`)
      t.same(results, alone)
    })

    await t.test('another seed gives another canvas', async (t) => {
      const engine = await startEngine(name)
      t.teardown(() => engine.close())
      const tokens = async (seed: number): Promise<unknown> => (await engine.generate(requestOf([rowOf(seed, 12)], 4))).rows[0]?.tokens
      t.notSame(await tokens(1), await tokens(2))
    })
  })
}
