import { createReadStream } from 'node:fs'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import t from 'tap'
import type { EngineOptions } from '../../src/engine/engine.js'
import { readManifest } from '../../src/model/manifest.js'
import { sha256Of } from '../../src/model/sha256.js'
import { fixture, requestOf, rowOf, startEngine } from '../support/engine.js'

/** An engine that has chosen for itself, and what it logged on the way. */
async function startOpen (options: Partial<EngineOptions>) {
  const log: Array<Record<string, unknown>> = []
  const logger = pino({ level: 'debug' }, { write: (line) => { log.push(JSON.parse(line) as Record<string, unknown>) } })
  return { engine: await startEngine('tiny-text', { workers: 0, threads: 0, warmUpMs: 100, logger, ...options }), log }
}

t.test('left to itself the engine measures how many workers with how many threads are best, once', async (t) => {
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'fewstep-'))
  t.teardown(() => rm(cacheDirectory, { recursive: true }))

  await t.test('never more threads than cores, and it says what it chose', async (t) => {
    const { engine, log } = await startOpen({ cacheDirectory })
    t.teardown(() => engine.close())
    const { workers } = engine.stats()
    t.ok(workers.total * workers.threads <= availableParallelism())
    t.equal(workers.ready, workers.total)
    t.match(log.find(({ msg }) => msg === 'session workers are ready'), { workers: workers.total, threads: workers.threads, measured: 'now' })
    t.equal((await engine.generate(requestOf([rowOf(1, 10)], 2))).rows.length, 1)
  })

  await t.test('the next start takes what was measured', async (t) => {
    const [file = ''] = await readdir(cacheDirectory)
    const kept = JSON.parse(await readFile(join(cacheDirectory, file), 'utf8')) as { plan: object, costs: unknown[] }
    t.ok(kept.costs.length > 0)
    const plan = { workers: availableParallelism(), threads: 1 }
    await writeFile(join(cacheDirectory, file), JSON.stringify({ ...kept, plan }))
    const { engine, log } = await startOpen({ cacheDirectory })
    t.teardown(() => engine.close())
    t.match(engine.stats().workers, { ready: plan.workers, total: plan.workers, threads: 1 })
    const ready = log.find(({ msg }) => msg === 'session workers are ready')
    t.match(ready, { ...plan, measured: 'at an earlier start', measuredAt: String })
  })

  await t.test('what it cannot read it measures anew', async (t) => {
    const [file = ''] = await readdir(cacheDirectory)
    await writeFile(join(cacheDirectory, file), '{"plan": {"workers": -1')
    const { engine, log } = await startOpen({ cacheDirectory })
    t.teardown(() => engine.close())
    t.match(log.find(({ msg }) => msg === 'session workers are ready'), { measured: 'now' })
    t.match(JSON.parse(await readFile(join(cacheDirectory, file), 'utf8')), { plan: { workers: Number, threads: Number }, costs: Array }, 'and keeps')
  })
})

t.test('where nothing can be kept it serves all the same', async (t) => {
  const { engine, log } = await startOpen({ cacheDirectory: '/dev/null/nowhere' })
  t.teardown(() => engine.close())
  t.match(log.find(({ level }) => level === 40), { msg: /^FEWSTEP_CACHE_DIR \/dev\/null\/nowhere cannot be written/, reason: /^ENOTDIR/ })
  t.equal(engine.stats().state, 'ready')
})

t.test('workers that are asked for are not measured, nor are more started', async (t) => {
  const { engine, log } = await startOpen({ workers: 2, threads: 1 })
  t.teardown(() => engine.close())
  t.match(engine.stats().workers, { ready: 2, total: 2, threads: 1 })
  t.notOk(log.some(({ msg }) => msg === 'plans compared'))
})

t.test('CUDA demanded where there is none: the error names the device and what is missing', async (t) => {
  await t.rejects(startOpen({ executionProvider: 'cuda', devices: [4096] }), {
    message: /^FEWSTEP_EXECUTION_PROVIDER is cuda, but .*CUDA device 4096: .*(?:provider is missing \(lib\S+\): fewstep cuda install|driver|no such GPU)/
  })
})

t.test('of two graphs the faster one is found by measurement, kept, and told of', async (t) => {
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'fewstep-'))
  t.teardown(() => rm(cacheDirectory, { recursive: true }))
  const directory = fileURLToPath(new URL('../../models/fewstep-stories', import.meta.url))
  const model = { directory, manifest: await readManifest(directory) }
  const options = { cacheDirectory, model, workers: 1, threads: 1, warmUpMs: 1, maxBatch: 4 }
  const { engine, log } = await startOpen(options)
  t.teardown(() => engine.close())
  const measured = { rowsPerSecond: Number, loneMs: Number }
  t.match(log.find(({ msg }) => msg === 'precisions compared'), { int8: measured, float32: measured })
  const { precision } = engine.stats()
  t.match(log.find(({ msg }) => msg === 'session workers are ready'), { precision, measured: 'now' })
  t.equal((await engine.generate(requestOf([rowOf(1, 10)], 2))).rows.length, 1)

  const [file = ''] = await readdir(cacheDirectory)
  const kept = JSON.parse(await readFile(join(cacheDirectory, file), 'utf8')) as object
  const other = precision === 'int8' ? 'float32' : 'int8'
  await writeFile(join(cacheDirectory, file), JSON.stringify({ ...kept, precision: other }))
  const again = await startOpen(options)
  t.teardown(() => again.engine.close())
  t.equal(again.engine.stats().precision, other, 'as it was measured before')
  t.notOk(again.log.some(({ msg }) => msg === 'precisions compared'))
})

t.test('workers of a large graph are made of its optimised copy', async (t) => {
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'fewstep-'))
  t.teardown(() => rm(cacheDirectory, { recursive: true }))
  const directory = fileURLToPath(new URL('../../models/fewstep-stories', import.meta.url))
  const model = { directory, manifest: await readManifest(directory) }
  const options = { cacheDirectory, copiedFromBytes: 1, model, precision: 'float32', workers: 2, threads: 1, warmUpMs: 0 } as const
  const copies = async (): Promise<string[]> => (await readdir(cacheDirectory)).filter((name) => name.startsWith('graph-'))
  const tokens = async (options: Partial<EngineOptions>): Promise<{ log: Array<Record<string, unknown>>, tokens: number[] }> => {
    const { engine, log } = await startOpen(options)
    t.teardown(() => engine.close())
    const { rows: [row] } = await engine.generate(requestOf([rowOf(1, 40)], 4))
    return { log, tokens: [...row?.tokens ?? []] }
  }
  const warnings = (log: Array<Record<string, unknown>>): unknown[] => log.filter(({ level }) => level === 40).map(({ msg }) => msg)
  const { tokens: expected } = await tokens({ ...options, cacheDirectory: undefined })

  await t.test('which the first start makes', async (t) => {
    const first = await tokens(options)
    t.same(first.tokens, expected)
    t.same(warnings(first.log), [])
    t.equal((await copies()).length, 1)
  })

  await t.test('one that does not do what the model should goes', async (t) => {
    const [name = ''] = await copies()
    const file = (part: string): string => join(cacheDirectory, name, part)
    await copyFile(join(fixture('tiny-text'), 'step.onnx'), file('graph.onnx'))
    const hashes = await Promise.all(['graph.onnx', 'graph.onnx.data'].map(async (part) => [part, await sha256Of(createReadStream(file(part)))]))
    await writeFile(file('sha256.json'), JSON.stringify(Object.fromEntries(hashes)))
    const again = await tokens(options)
    t.same(again.tokens, expected)
    t.match(warnings(again.log), [/^the optimised copy of the graph does not work/])
    t.same(await copies(), [])
  })

  await t.test('where none can be kept it is said, and served all the same', async (t) => {
    const without = await tokens({ ...options, cacheDirectory: '/dev/null/nowhere' })
    t.same(without.tokens, expected)
    t.match(warnings(without.log), [/^the optimised graph cannot be kept in FEWSTEP_CACHE_DIR/])
  })
})
