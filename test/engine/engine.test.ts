import { EventEmitter, once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Engine } from '../../src/engine/engine.js'
import type { StepUpdate } from '../../src/engine/request.js'
import { readManifest } from '../../src/model/manifest.js'
import { fixture, requestOf, rowOf, startEngine } from '../support/engine.js'

function empty (engine: Engine): boolean {
  const { queuedRows, runningRows } = engine.stats()
  return queuedRows === 0 && runningRows === 0
}

t.test('a generation', async (t) => {
  const engine = await startEngine('tiny-text')
  t.teardown(() => engine.close())

  await t.test('takes exactly its steps, reports each, and ends where the last report ends', async (t) => {
    const updates: StepUpdate[] = []
    const result = await engine.generate(requestOf([rowOf(1, 40)], 8), { onStep: (update) => updates.push(update) })
    t.same(updates.map(({ step, steps, t }) => [step, steps, t]), Array.from({ length: 8 }, (_, i) => [i + 1, 8, (i + 1) / 8]))
    t.same(updates.at(-1)?.tokens, result.rows[0]?.tokens)
    t.equal(result.networkCalls, 8)
    t.ok(result.timings.totalMs >= result.timings.queueMs + result.timings.computeMs)
  })

  await t.test('leaves frozen positions alone, and the timeline says which step last changed each position', async (t) => {
    const prefix = [5, 6, 7, 8]
    const canvases: Int32Array[] = []
    const { rows: [row] } = await engine.generate(requestOf([rowOf(3, 20, prefix)], 6), { onStep: ({ tokens }) => canvases.push(tokens) })
    t.same([...(row?.tokens.slice(0, 4) ?? [])], prefix)
    const mask = (await readManifest(fixture('tiny-text'))).mask_token_id
    const timeline = Array.from({ length: 20 }, (_, i) => {
      const values = [i < 4 ? prefix[i] : mask, ...canvases.map((canvas) => canvas[i])]
      return values.findLastIndex((value, step) => step > 0 && value !== values[step - 1])
    }).map((step) => Math.max(0, step))
    t.same([...(row?.timeline ?? [])], timeline)
  })

  await t.test('of several rows answers for all of them', async (t) => {
    const { rows, networkCalls } = await engine.generate(requestOf([rowOf(1, 10), rowOf(2, 10), rowOf(3, 33)], 4))
    t.equal(networkCalls, 12)
    const [alone] = (await engine.generate(requestOf([rowOf(3, 33)], 4))).rows
    t.same(rows[2], alone)
  })

  await t.test('whose listener throws fails with that error and leaves nothing behind', async (t) => {
    await t.rejects(engine.generate(requestOf([rowOf(1, 10)], 4), { onStep: () => { throw new Error('no') } }), { message: 'no' })
    t.ok(empty(engine))
  })
})

t.test('a full queue refuses at once, says when to come back, and takes requests again when there is room', async (t) => {
  const engine = await startEngine('tiny-text', { maxQueue: 4 })
  t.teardown(() => engine.close())
  const running = engine.generate(requestOf([rowOf(1, 60), rowOf(2, 60), rowOf(3, 60)], 16))
  await t.rejects(engine.generate(requestOf([rowOf(4, 60), rowOf(5, 60)], 4)), { code: 'queue_full', statusCode: 429, retryAfterSeconds: Number })
  const fits = engine.generate(requestOf([rowOf(4, 60)], 4))
  await Promise.all([running, fits])
  t.equal((await engine.generate(requestOf([rowOf(4, 60), rowOf(5, 60)], 4))).rows.length, 2)
})

t.test('a client that leaves', async (t) => {
  const engine = await startEngine('tiny-text')
  t.teardown(() => engine.close())

  await t.test('in the middle: its rows are gone before the next step', async (t) => {
    const left = new AbortController()
    let steps = 0
    const generation = engine.generate(requestOf([rowOf(1, 60)], 1024), {
      signal: left.signal,
      onStep: ({ step }) => { steps = step; if (step === 3) left.abort() }
    })
    await t.rejects(generation, { code: 'cancelled' })
    t.ok(empty(engine))
    await engine.generate(requestOf([rowOf(2, 10)], 4))
    t.equal(steps, 3)
  })

  await t.test('before it began: nothing runs', async (t) => {
    await t.rejects(engine.generate(requestOf([rowOf(1, 60)], 4), { signal: AbortSignal.abort() }), { code: 'cancelled' })
    t.ok(empty(engine))
  })
})

t.test('a generation that is not done by its deadline fails with 504, and its rows leave', async (t) => {
  const engine = await startEngine('tiny-text')
  t.teardown(() => engine.close())
  await t.rejects(engine.generate(requestOf([rowOf(1, 64)], 1024, { deadlineMs: 20 })), { code: 'deadline_exceeded', statusCode: 504, field: 'deadline_ms' })
  t.ok(empty(engine))
  t.equal((await engine.generate(requestOf([rowOf(1, 10)], 2, { deadlineMs: 60_000 }))).rows[0]?.steps, 2)
})

t.test('a worker', async (t) => {
  await t.test('that hangs is replaced, and the step runs again', async (t) => {
    const engine = await startEngine('tiny-text', { stepTimeoutMs: 2000 })
    t.teardown(() => engine.close())
    const [pid] = engine.workerPids
    const generation = engine.generate(requestOf([rowOf(1, 30)], 6), {
      onStep: ({ step }) => { if (step === 2 && pid !== undefined) process.kill(pid, 'SIGSTOP') }
    })
    const { rows } = await generation
    t.notSame(engine.workerPids, [pid])
    t.same(rows, (await engine.generate(requestOf([rowOf(1, 30)], 6))).rows)
  })

  await t.test('that dies over and over fails the request in the end, not the server', async (t) => {
    const engine = await startEngine('tiny-text')
    t.teardown(() => engine.close())
    const generation = engine.generate(requestOf([rowOf(1, 64)], 1024))
    const killer = setInterval(() => { for (const pid of engine.workerPids) process.kill(pid, 'SIGKILL') }, 1)
    await t.rejects(generation, { code: 'inference_failed', statusCode: 500 }).finally(() => { clearInterval(killer) })
    t.equal((await engine.generate(requestOf([rowOf(1, 10)], 2))).rows.length, 1, 'a later request is served')
  })
})

t.test('draining', async (t) => {
  await t.test('refuses newcomers and waits for what runs', async (t) => {
    const engine = await startEngine('tiny-text')
    t.teardown(() => engine.close())
    const started = new EventEmitter()
    const running = engine.generate(requestOf([rowOf(1, 60)], 12), { onStep: () => started.emit('step') })
    await once(started, 'step')
    const drained = engine.drain()
    await t.rejects(engine.generate(requestOf([rowOf(2, 10)], 1)), { code: 'draining', statusCode: 503 })
    t.equal(engine.state, 'draining')
    t.equal((await running).rows[0]?.steps, 12)
    await drained
    t.ok(empty(engine))
  })

  await t.test('gives up at its limit', async (t) => {
    const engine = await startEngine('tiny-text')
    t.teardown(() => engine.close())
    const running = engine.generate(requestOf([rowOf(1, 60)], 1024))
    const refused = t.rejects(running, { code: 'draining' })
    await engine.drain(1)
    await refused
    t.ok(empty(engine))
  })
})

t.test('an engine that cannot run says why', async (t) => {
  await t.test('CUDA demanded where there is none', async (t) => {
    await t.rejects(startEngine('tiny-text', { executionProvider: 'cuda' }), { message: /cuda/i })
  })

  await t.test('a step graph that is no graph', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'fewstep-'))
    await writeFile(join(directory, 'step.onnx'), 'not a graph')
    const manifest = await readManifest(fixture('tiny-text'))
    await t.rejects(startEngine('tiny-text', { model: { directory, manifest } }), { message: /step\.onnx/ })
  })
})

t.test('auto falls back to the CPU and says so once', async (t) => {
  const engine = await startEngine('tiny-text', { executionProvider: 'auto', workers: 2 })
  t.teardown(() => engine.close())
  t.equal(engine.stats().executionProvider, 'cpu')
  t.equal((await engine.generate(requestOf([rowOf(1, 10)], 2))).rows.length, 1)
})
