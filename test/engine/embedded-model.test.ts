/**
 * The model that the service comes with keeps the promise of a seed, in float32 and with 8-bit products; so does a tiny one in float16, as
 * far as a CPU shows it.
 */
import t from 'tap'
import { DEFAULT_MODEL } from '../../src/config.js'
import { readManifest } from '../../src/model/manifest.js'
import { requestOf, rowOf, startEngine } from '../support/engine.js'

const LENGTHS = [20, 32, 60, 60, 128, 128]
const manifest = await readManifest(DEFAULT_MODEL)

for (const precision of ['float32', 'int8'] as const) {
  t.test(`${precision}: alone on one thread or in a crowd on two, the same tokens and confidences`, async (t) => {
    const model = { directory: DEFAULT_MODEL, manifest }
    const [alone, crowded] = await Promise.all([startEngine('tiny-text', { model, precision, maxBatch: 1 }), startEngine('tiny-text', { model, precision, threads: 2 })])
    t.teardown(() => Promise.all([alone.close(), crowded.close()]))
    t.equal(alone.stats().precision, precision)
    const rows = LENGTHS.map((length, seed) => rowOf(seed, length, [1, 2, 3]))
    const together = (await crowded.generate(requestOf(rows, 3))).rows
    for (const [i, row] of rows.entries()) t.same((await alone.generate(requestOf([row], 3))).rows[0], together[i], `${LENGTHS[i]} tokens`)
  })
}

t.test('float16: alone on one thread or in a crowd on two, the same tokens and confidences', async (t) => {
  const precision = 'float16'
  const [alone, crowded] = await Promise.all([startEngine('tiny-half', { precision, maxBatch: 1 }), startEngine('tiny-half', { precision, threads: 2 })])
  t.teardown(() => Promise.all([alone.close(), crowded.close()]))
  t.equal(alone.stats().precision, precision)
  const rows = [5, 20, 32, 60].map((length, seed) => rowOf(seed, length, [1, 2, 3]))
  const together = (await crowded.generate(requestOf(rows, 3))).rows
  for (const [i, row] of rows.entries()) t.same((await alone.generate(requestOf([row], 3))).rows[0], together[i])
})

t.test('a CPU takes float16 only where it is named', async (t) => {
  const engine = await startEngine('tiny-half')
  t.teardown(() => engine.close())
  t.equal(engine.stats().precision, 'float32')
})
