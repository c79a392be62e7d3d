/**
 * The seed decides the result: property-tested over random requests, of one canvas or of blocks, with and without a threshold, and over
 * scorings, which decide choices; in whatever batches, on one worker or two, with one thread or more, in any order of arrival, beside
 * elastic requests, and when workers die on the way. Whole texts, templates with choices too, are in test/generation.
 */
import t from 'tap'
import { GIVEN, OPEN, SCORED } from '../../src/diffusion/likelihood.js'
import { namedSchedule } from '../../src/diffusion/schedule.js'
import { SOLVERS } from '../../src/diffusion/solver.js'
import type { Engine } from '../../src/engine/engine.js'
import type { CanvasTemplate, GenerationRequest, RowResult, StepListener } from '../../src/engine/request.js'
import { PROVIDER, requestOf, rowOf, startEngine, type FixtureName } from '../support/engine.js'
import { Draw } from '../support/draw.js'

const LAWS = [...SOLVERS.map((solver) => ({ solver, jumps: 'independent' as const })), { solver: 'cumulative' as const, jumps: 'spread' as const }]

const CASES = PROVIDER === 'cuda' ? 20 : 40
/** On a GPU a row's bits may depend on the batch that it is in, so promises are for batches of one: docs/cuda.md. */
const batchOf = (rows: number): number => PROVIDER === 'cuda' ? 1 : rows
/** Each takes a new worker a second or two. */
const DEATHS = 2
/** Far enough apart that no step dies three times. */
const STEPS_BETWEEN_DEATHS = 1.5 * CASES

/** A text of which some tokens are scored, and some are to be made later. */
function anyScoring (draw: Draw): GenerationRequest {
  const length = draw.integer(2, 12)
  const text = (): CanvasTemplate => ({
    tokens: Int32Array.from({ length }, () => draw.integer(0, 47)),
    editable: Uint8Array.from({ length }, (_, i) => i === 0 ? SCORED : draw.of([GIVEN, SCORED, OPEN]))
  })
  const samples = 2 * draw.integer(2, 6)
  return requestOf([{ seed: draw.integer(0, 2 ** 40), template: text() }], 1, {
    scores: true, budget: { kind: 'exact', stepSizes: new Float64Array(samples).fill(1 / samples) }
  })
}

/** Any request that the engine takes with a budget that is exact; of several canvases, where `later` says so. */
function anyRequest (draw: Draw): GenerationRequest {
  if (draw.integer(1, 5) === 1) return anyScoring(draw)
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
      const { tokens, confidence, timeline, steps, stepsReason, bounds = [] } = result
      made.push([[...tokens], [...confidence], [...timeline], steps, stepsReason, [...bounds]])
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

for (const [i, name] of (['tiny-mask', 'tiny-uniform', 'tiny-llada', 'tiny-dream'] satisfies FixtureName[]).entries()) {
  t.test(name, async (t) => {
    const draw = new Draw(i + 1)
    const requests = Array.from({ length: CASES }, () => anyRequest(draw))
    const alone: unknown[] = []

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

    await t.test('alone, another seed gives another canvas', async (t) => {
      const engine = await startEngine(name, { maxBatch: 1 })
      t.teardown(() => engine.close())
      for (const request of requests) alone.push(await outcome(engine, request))
      const tokens = async (seed: number): Promise<unknown> => (await engine.generate(requestOf([rowOf(seed, 12)], 4))).rows[0]?.tokens
      t.notSame(await tokens(1), await tokens(2))
    })

    await t.test('all at once, on two threads, in batches of 16 by a measured cost curve: the same', async (t) => {
      const engine = await startEngine(name, { threads: 2, warmUpMs: 50, maxBatch: batchOf(16) })
      t.teardown(() => engine.close())
      t.same(await together(engine), alone)
      const elastic = Array.from({ length: 12 }, (_, seed) =>
        engine.generate(requestOf([rowOf(seed, 12)], 1, { budget: { kind: 'elastic', min: 1, max: 12 } })))
      t.same(await together(engine), alone, 'also beside elastic budgets')
      await Promise.all(elastic)
    })

    await t.test('all at once, on two workers, in batches of 3: the same', async (t) => {
      const engine = await startEngine(name, { workers: 2, maxBatch: batchOf(3) })
      t.teardown(() => engine.close())
      t.same(await together(engine), alone)
      let steps = 0
      let deaths = 0
      const results = await together(engine, () => {
        const [pid] = engine.workerPids
        if (++steps % STEPS_BETWEEN_DEATHS !== 0 || deaths === DEATHS || pid === undefined) return
        deaths += Number(process.kill(pid, 'SIGKILL'))
      })
      t.equal(deaths, DEATHS)
      t.same(results, alone, 'also where workers die')
    })
  })
}
