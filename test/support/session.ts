/** Bare session workers on the tiny models. */
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Clock } from '../../src/engine/clock.js'
import { SessionPool } from '../../src/engine/session-pool.js'
import { Session } from '../../src/engine/session.js'
import { fixture, PROVIDER, type FixtureName } from './engine.js'
import type { TestLog } from './log.js'

/** One thread, where it is on the CPU. */
export async function startSession (name: FixtureName, file = 'step.onnx'): Promise<Session> {
  const graph = { graph: join(fixture(name), file), hashes: {} }
  return await Session.start({ graphFiles: { cpu: graph, cuda: graph }, executionProvider: PROVIDER, deviceId: 0, threads: 1 })
}

/** A pool of one session on the model whose steps can be made to fail, closed after the test, which fails if the pool is hopeless. */
export async function startFaultyPool (t: Test, clock: Clock, log: TestLog, onIdle: () => void): Promise<SessionPool> {
  const pool = new SessionPool({
    sessions: [await startSession('tiny-faulty')],
    stepTimeoutMs: 60_000,
    logger: log.logger,
    clock,
    onIdle,
    onHopeless: (reason) => { t.fail(reason.message) }
  })
  t.teardown(() => pool.close())
  return pool
}
