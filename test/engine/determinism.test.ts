/** The seed decides the result: alone, in a crowd, on one worker or two, and when a worker dies on the way. */
import t from 'tap'
import type { Engine } from '../../src/engine/engine.js'
import type { GenerationResult } from '../../src/engine/request.js'
import { requestOf, rowOf, startEngine, type FixtureName } from '../support/engine.js'

const LENGTHS = [5, 12, 9, 12, 3, 12, 8, 12]

async function alone (engine: Engine, seed: number, steps: number): Promise<GenerationResult> {
  return await engine.generate(requestOf([rowOf(seed, LENGTHS[seed % LENGTHS.length] ?? 12)], steps))
}

for (const name of ['tiny-mask', 'tiny-uniform'] satisfies FixtureName[]) {
  t.test(name, async (t) => {
    const one = await startEngine(name)
    const two = await startEngine(name, { workers: 2, maxBatch: 3 })
    t.teardown(async () => { await Promise.all([one.close(), two.close()]) })
    const seeds = Array.from({ length: 24 }, (_, i) => i)
    const steps = (seed: number): number => 1 + seed % 9
    const expected: GenerationResult[] = []
    for (const seed of seeds) expected.push(await alone(one, seed, steps(seed)))
    const rowsOf = (results: GenerationResult[]): unknown => results.map((r) => r.rows)

    await t.test('requests with budgets of their own share batches and get what they get alone', async (t) => {
      const crowd = await Promise.all(seeds.map((seed) => alone(one, seed, steps(seed))))
      t.same(rowsOf(crowd), rowsOf(expected))
    })

    await t.test('two workers and other batches change nothing', async (t) => {
      const crowd = await Promise.all([...seeds].reverse().map((seed) => alone(two, seed, steps(seed))))
      t.same(rowsOf(crowd.reverse()), rowsOf(expected))
    })

    await t.test('a worker that dies in the middle changes nothing', async (t) => {
      let killed = false
      const crowd = await Promise.all(seeds.map((seed) => two.generate(
        requestOf([rowOf(seed, LENGTHS[seed % LENGTHS.length] ?? 12)], steps(seed)),
        {
          onStep: () => {
            const [pid] = two.workerPids
            if (!killed && pid !== undefined) killed = process.kill(pid, 'SIGKILL')
          }
        }
      )))
      t.ok(killed)
      t.same(rowsOf(crowd), rowsOf(expected))
    })

    await t.test('another seed gives another canvas', async (t) => {
      const [a, b] = [await alone(one, 1, 4), await alone(one, 9, 4)]
      t.notSame(a.rows[0]?.tokens, b.rows[0]?.tokens)
    })
  })
}
