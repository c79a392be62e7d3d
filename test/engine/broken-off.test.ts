/** A start that is broken off. */
import t from 'tap'
import { loadModel } from '../../src/model/model.js'
import { fixture, startEngine } from '../support/engine.js'
import { workersOf } from '../support/processes.js'
import { startSession } from '../support/session.js'
import { until } from '../support/until.js'

const REASON = new Error('never mind')

for (const [count, moment] of [[1, 'its first worker starts'], [2, 'one worker is ready and the other starts']] as const) {
  t.test(`a start that is broken off while ${moment} gives the reason and leaves no worker`, async (t) => {
    const controller = new AbortController()
    const started = startEngine('tiny-text', { workers: 2, threads: 1, signal: controller.signal })
    const broken = t.rejects(started, REASON)
    await until(async () => (await workersOf(process.pid)).length === count)
    controller.abort(REASON)
    await broken
    t.same(await workersOf(process.pid), [])
  })
}

t.test('one that is broken off before it begins starts nothing', async (t) => {
  await t.rejects(startEngine('tiny-text', { signal: AbortSignal.abort(REASON) }), REASON)
  await t.rejects(loadModel(fixture('tiny-text'), AbortSignal.abort(REASON)), { name: 'AbortError' })
  t.same(await workersOf(process.pid), [])
})

t.test('once an engine has started, the signal is nothing to it', async (t) => {
  const controller = new AbortController()
  const engine = await startEngine('tiny-text', { signal: controller.signal })
  t.teardown(() => engine.close())
  controller.abort(REASON)
  t.match(engine.stats(), { state: 'ready', workers: { ready: 1 } })
})

t.test('a step on a worker that is gone fails at once instead of waiting for its timeout', async (t) => {
  const session = await startSession('tiny-text')
  session.kill()
  await session.exited
  await t.rejects(session.run({ rows: 1, paddedLength: 8 }, () => {}, 2 ** 30), { message: /gone/ })
})
