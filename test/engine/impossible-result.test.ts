/** Workers that lie: what they say has the right form, or nearly, and cannot be. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Engine } from '../../src/engine/engine.js'
import { impossibility } from '../../src/engine/impossible-result.js'
import type { Row } from '../../src/engine/row.js'
import { resultArena, type ResultArrays } from '../../src/engine/step-message.js'
import { requestOf, rowOf, startEngine } from '../support/engine.js'
import { KINDS_OF_LIES, lying, type Lies } from '../support/lies.js'
import { TestLog } from '../support/log.js'
import { rowsOf } from '../support/rows.js'

const LIED = 'a session worker gave a result that cannot be: replacing it'
const REPLACED = 'a session worker has been replaced'
/** Of tiny-faulty, the mask token, too. */
const VOCAB_SIZE = 64

async function lyingEngine (t: Test, lies: Lies, log: TestLog, workers: number): Promise<Engine> {
  const honest = { ...process.env }
  Object.assign(process.env, lying(lies))
  t.teardown(() => {
    for (const name of Object.keys(lying(lies))) {
      if (honest[name] === undefined) delete process.env[name]
      else process.env[name] = honest[name]
    }
  })
  const engine = await startEngine('tiny-text', { logger: log.logger, workers, maxBatch: 4 })
  t.teardown(() => engine.close())
  return engine
}

t.test('a worker that lies is replaced, and the step runs again: the same tokens as without', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fewstep-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const log = new TestLog()
  const engine = await lyingEngine(t, { once: folder }, log, 1)
  for (let kind = 0; kind < KINDS_OF_LIES; kind++) {
    const request = requestOf([rowOf(7, 20, [kind])], kind === KINDS_OF_LIES - 1 ? 1 : 3)
    const pids = engine.workerPids
    const { rows } = await engine.generate(request)
    t.equal(engine.stats().workers.impossibleResults, kind + 1, `lie ${kind}`)
    t.notSame(engine.workerPids, pids, 'by another worker')
    t.same(rows, (await engine.generate(request)).rows)
  }
  t.equal(engine.stats().workers.impossibleResults, KINDS_OF_LIES, 'each lied once')
  await log.says(REPLACED, KINDS_OF_LIES)
  t.equal(engine.stats().workers.replaced, KINDS_OF_LIES)
  t.same(log.with(LIED).map(({ reason }) => String(reason).replace(/^the result of a session worker cannot be: it /, '')), [
    'has a confidence of NaN, which is no probability',
    'has token -1 in a vocabulary of 320',
    'has token 100000 in a vocabulary of 320',
    'has 128 bytes instead of 256',
    'changes a token that is given, 4, to 5',
    'leaves the mask token, 320, after the last step'
  ])
})

t.test('a crowd on two workers, each of which lies in its sixth result: the same tokens as without', async (t) => {
  const requests = Array.from({ length: 8 }, (_, seed) => requestOf([rowOf(seed, 20, [50]), rowOf(seed + 100, 30)], 6))
  const honest = await startEngine('tiny-text')
  t.teardown(() => honest.close())
  const expected = await Promise.all(requests.map(async (request) => (await honest.generate(request)).rows))
  const log = new TestLog()
  const engine = await lyingEngine(t, { every: 6 }, log, 2)
  t.same(await Promise.all(requests.map(async (request) => (await engine.generate(request)).rows)), expected)
  // 96 steps of rows are 24 batches at least; the two workers that are left gave up to 5 honest results each.
  t.ok(engine.stats().workers.impossibleResults >= Math.ceil((24 - 2 * 5) / 6), `${engine.stats().workers.impossibleResults} lies`)
})

t.test('a worker that fails every step from some time on is replaced, and nobody notices', async (t) => {
  const requests = Array.from({ length: 8 }, (_, seed) => requestOf([rowOf(seed, 20, [50]), rowOf(seed + 100, 30)], 6))
  const honest = await startEngine('tiny-text')
  t.teardown(() => honest.close())
  const expected = await Promise.all(requests.map(async (request) => (await honest.generate(request)).rows))
  for (const workers of [1, 2]) {
    const folder = await mkdtemp(join(tmpdir(), 'fewstep-'))
    t.teardown(() => rm(folder, { recursive: true }))
    const log = new TestLog()
    const engine = await lyingEngine(t, { failing: folder, after: 3 }, log, workers)
    t.same(await Promise.all(requests.map(async (request) => (await engine.generate(request)).rows)), expected, `${workers}`)
    await log.says(REPLACED)
    t.equal(log.with('a session worker fails every step: replacing it').length, 1)
    t.equal(engine.stats().workers.replaced, 1)
  }
})

/** What a batch of one row makes of a result that differs in this from one that is possible. */
function complaint (change: (result: ResultArrays, row: Row) => void): string | undefined {
  const rows = rowsOf(1, [5])
  const [row] = rows
  if (row === undefined) throw new Error('there is one')
  row.aim({ load: 0, slackMs: Infinity, stepMs: 0 })
  const { arrays } = resultArena().view({ rows: 1, paddedLength: row.paddedLength })
  arrays.tokens.set(row.tokens)
  arrays.confidence.fill(0.5)
  change(arrays, row)
  return impossibility(rows, arrays)
}

t.test('what may be is not called impossible', async (t) => {
  t.equal(complaint(() => {}), undefined, 'masks that stay, in a step that is not the last')
  t.equal(complaint(({ tokens }) => { tokens[3] = VOCAB_SIZE - 1 }), undefined)
  t.equal(complaint(({ confidence }) => { confidence.set([0, 1, 1 + 1e-6]) }), undefined, 'rounding')
  t.equal(complaint(({ tokens, confidence }, row) => {
    tokens.fill(-9, row.tokens.length)
    confidence.fill(NaN, row.tokens.length)
  }), undefined, 'padding is not looked at')
  for (const odd of [-0.5, 1.25, Infinity]) t.match(complaint(({ confidence }) => { confidence[7] = odd }), `has a confidence of ${odd},`)
  t.equal(complaint((_, row) => { row.tokens[0] = VOCAB_SIZE }), 'changes a token that is given, 64, to 5')
  t.match(complaint(({ tokens }) => { tokens[3] = VOCAB_SIZE + 1 }), /has token 65 in a vocabulary of 64/, 'one beyond the mask token')
})
