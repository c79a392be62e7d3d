/** Batches form on a real engine, whatever it has learned before. */
import t from 'tap'
import { requestOf, rowOf, startEngine } from '../support/engine.js'

const SAMPLING = { solver: 'cumulative', jumps: 'independent', temperature: 1, topK: 0, topP: 1 } as const
const KINDS = {
  plain: SAMPLING,
  'top-p': { ...SAMPLING, topP: 0.9 },
  'top-k': { ...SAMPLING, topK: 5 }
}
const CROWD = 32
const STEPS = 8

for (const [name, sampling] of Object.entries(KINDS)) {
  for (const warmUpMs of [0, 1]) {
    t.test(`after one lone ${name} request, warmed up for ${warmUpMs} ms, a crowd runs in batches`, async (t) => {
      const engine = await startEngine('tiny-text', { warmUpMs })
      t.teardown(() => engine.close())
      await engine.generate(requestOf([rowOf(1, 40)], STEPS, { sampling }))
      // The crowd must show the curve a few sizes before it can know.
      const crowd = async () => await Promise.all(Array.from({ length: CROWD }, (_, seed) =>
        engine.generate(requestOf([rowOf(seed, 40)], STEPS, { sampling }))))
      await crowd()
      const before = engine.stats().steps
      await crowd()
      const { rows, batches } = engine.stats().steps
      const size = (rows - before.rows) / (batches - before.batches)
      t.ok(size > 2, `${size} rows a step`)
    })
  }
}
