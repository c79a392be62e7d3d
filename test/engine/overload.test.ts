/** What a real engine refuses at once, by a clock on which every step takes long, whatever the machine does. */
import t, { type Test } from 'tap'
import { systemClock } from '../../src/engine/clock.js'
import type { Engine, EngineOptions } from '../../src/engine/engine.js'
import type { FewstepError } from '../../src/errors.js'
import { requestOf, rowOf, startEngine } from '../support/engine.js'

/** The clock shows so much more each time that it is read, so a step takes at least this. */
const TICK_MS = 40

/** It has served one request, and knows what a step costs. */
async function startSlow (t: Test, options: Partial<EngineOptions>): Promise<Engine> {
  let now = 0
  const engine = await startEngine('tiny-text', { maxBatch: 1, clock: { ...systemClock, now: () => (now += TICK_MS) }, ...options })
  t.teardown(() => engine.close())
  await engine.generate(requestOf([rowOf(1, 40)], 4))
  return engine
}

/** The first refusal of so many requests that come at once; those admitted are given up. */
async function firstRefusal (engine: Engine, requests: number, changes: Parameters<typeof requestOf>[2] = {}): Promise<FewstepError> {
  const left = new AbortController()
  const outcomes = Array.from({ length: requests }, (_, seed) => engine
    .generate(requestOf([rowOf(seed, 40)], 64, changes), { signal: left.signal })
    .then(() => undefined, (error: FewstepError) => error))
  left.abort()
  const errors = (await Promise.all(outcomes)).filter((error) => error !== undefined)
  return errors.find(({ code }) => code !== 'cancelled') as FewstepError // the tests say so
}

t.test('a deadline that an idle machine could not meet is refused, and the error says what to change', async (t) => {
  const engine = await startSlow(t, {})
  await t.rejects(engine.generate(requestOf([rowOf(1, 40)], 100, { deadlineMs: 2000 })), {
    code: 'deadline_too_short',
    statusCode: 422,
    field: 'deadline_ms',
    message: /deadline_ms, 2000, is too short: .* about [\d.]+ s even on an idle server/
  })
  const elastic = requestOf([rowOf(1, 40)], 1, { budget: { kind: 'elastic', min: 1, max: 100 }, deadlineMs: 60_000 })
  t.match(await engine.generate(elastic), { rows: [{}] })
})

t.test('an estimate is doubted when no step has run for long: the deadline may try', async (t) => {
  let now = 0
  const clock = { ...systemClock, now: () => (now += TICK_MS) }
  const engine = await startSlow(t, { clock })
  await engine.generate(requestOf([rowOf(1, 40)], 4))
  now += 20_000
  await t.rejects(engine.generate(requestOf([rowOf(1, 60)], 1024, { deadlineMs: 10 })), { code: 'deadline_exceeded' })
})

t.test('a queue that is too long refuses, however many canvases it could hold, and says when to come back', async (t) => {
  const engine = await startSlow(t, { maxWaitMs: 10_000 })
  const refused = await firstRefusal(engine, 40)
  t.match(refused, { code: 'queue_full', statusCode: 429, message: /begin in about [\d.]+ s and not be done within 10 s/ })
  t.ok((refused.retryAfterSeconds ?? 0) >= 5, `${refused.retryAfterSeconds} s`)
})

t.test('so does one in which a deadline could not be met', async (t) => {
  const engine = await startSlow(t, {})
  const refused = await firstRefusal(engine, 60, { deadlineMs: 60_000 })
  t.match(refused, { code: 'queue_full', statusCode: 429, field: 'deadline_ms', message: /more than deadline_ms, 60000/ })
})
