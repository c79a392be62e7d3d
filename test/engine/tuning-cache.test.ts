import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { TuningCache } from '../../src/engine/tuning-cache.js'
import { warmUpShapes } from '../../src/engine/warm-up.js'

const PLANS = [{ workers: 1, threads: 2 }, { workers: 2, threads: 1 }]
const PRECISIONS = ['int8', 'float32'] as const
const SHAPES = warmUpShapes(64, 4)
const COST = { rows: 2, paddedLength: 64, lane: 'filter', ms: 7 } as const
const DAY_MS = 86_400_000

const directory = await mkdtemp(join(tmpdir(), 'fewstep-'))
t.teardown(() => rm(directory, { recursive: true }))
const cache = new TuningCache(directory, { graph: 'one' })
const now = (): string => new Date().toISOString()

/** What is read of a file with this content. */
async function reading (content: string | object): Promise<unknown> {
  await cache.write({ measuredAt: now(), plan: PLANS[0] ?? { workers: 1, threads: 1 }, precision: 'int8', costs: [] })
  const [file = ''] = await readdir(directory)
  await writeFile(join(directory, file), typeof content === 'string' ? content : JSON.stringify(content))
  return await cache.read(PLANS, PRECISIONS, SHAPES)
}

t.test('what is kept is read again, under the same conditions only', async (t) => {
  const tuning = { measuredAt: now(), plan: { workers: 2, threads: 1 }, precision: 'float32', costs: [COST] } as const
  await cache.write(tuning)
  t.same(await cache.read(PLANS, PRECISIONS, SHAPES), tuning)
  t.equal(await new TuningCache(directory, { graph: 'another' }).read(PLANS, PRECISIONS, SHAPES), undefined)
  t.equal(await new TuningCache(undefined, { graph: 'one' }).read(PLANS, PRECISIONS, SHAPES), undefined)
})

t.test('a plan that would not be measured here is not believed', async (t) => {
  const wrong = [
    { workers: 40, threads: 1 }, { workers: 1, threads: 100_000 }, { workers: 0, threads: 2 }, { workers: 1.5, threads: 1 }, {}
  ]
  for (const plan of wrong) {
    t.equal(await reading({ measuredAt: now(), plan, precision: 'int8', costs: [] }), undefined, JSON.stringify(plan))
  }
})

t.test('nor is a precision that the model has no graph for', async (t) => {
  for (const precision of [undefined, 'int4', 8]) t.equal(await reading({ measuredAt: now(), plan: PLANS[1], precision, costs: [] }), undefined)
  await cache.write({ measuredAt: now(), plan: { workers: 1, threads: 2 }, precision: 'int8', costs: [] })
  t.equal(await cache.read(PLANS, ['float32'], SHAPES), undefined)
})

t.test('nor is a measurement without a date, from the future, or from more than a month ago', async (t) => {
  const at = (ms: number): string => new Date(Date.now() + ms).toISOString()
  for (const measuredAt of [undefined, 'yesterday', at(DAY_MS), at(-31 * DAY_MS)]) {
    t.equal(await reading({ measuredAt, plan: PLANS[1], precision: 'int8', costs: [] }), undefined, `${measuredAt}`)
  }
  t.match(await reading({ measuredAt: at(-29 * DAY_MS), plan: PLANS[1], precision: 'int8', costs: [] }), { plan: PLANS[1] })
})

t.test('costs that are none, or of steps that would not be measured here, are dropped', async (t) => {
  const others = [{ ms: -1 }, { ms: 0 }, { ms: null }, { rows: 3 }, { rows: 1e9 }, { paddedLength: 65 }, { lane: undefined }]
  const wrong = [...others.map((other) => ({ ...COST, ...other })), 'cost', null]
  const costs = [...wrong.map((each) => JSON.stringify(each)), JSON.stringify(COST).replace('7', '1e999'), JSON.stringify(COST)]
  const text = `{"measuredAt": "${now()}", "plan": ${JSON.stringify(PLANS[0])}, "precision": "int8", "costs": [${costs.join()}]}`
  t.match(await reading(text), { plan: PLANS[0], costs: [COST] })
  t.equal((await reading(text) as { costs: unknown[] }).costs.length, 1)
})

t.test('what is no such file is not read', async (t) => {
  for (const text of ['', 'null', '{', '[]', '{"plan": 1}']) t.equal(await reading(text), undefined, text)
})

t.test('when it was measured is in the file', async (t) => {
  await cache.write({ measuredAt: '2026-01-02T03:04:05.000Z', plan: { workers: 1, threads: 1 }, precision: 'int8', costs: [] })
  const [file = ''] = await readdir(directory)
  t.match(await readFile(join(directory, file), 'utf8'), /"measuredAt":"2026-01-02T03:04:05.000Z"/)
})
