/** Workers that die and are replaced, on a clock that the test moves. */
import { EventEmitter, once } from 'node:events'
import t, { type Test } from 'tap'
import { SessionPool } from '../../src/engine/session-pool.js'
import { ManualClock } from '../support/clock.js'
import { ON_CPU } from '../support/engine.js'
import { TestLog } from '../support/log.js'
import { startSession } from '../support/session.js'

/** A step of tiny-faulty with this token fails; see train/tests/faulty_graph.py. */
const FAILS = 13
const DIED = 'a session worker died: replacing it'

interface Parts {
  readonly pool: SessionPool
  readonly clock: ManualClock
  readonly log: TestLog
  /** A worker has become idle. */
  readonly idle: () => Promise<unknown>
  /** Kill the worker, and wait until its death is noticed. */
  readonly kill: () => Promise<unknown>
}

async function start (t: Test): Promise<Parts> {
  const events = new EventEmitter()
  const clock = new ManualClock()
  const log = new TestLog()
  const pool = new SessionPool({
    sessions: [await startSession('tiny-faulty')],
    stepTimeoutMs: 60_000,
    logger: log.logger,
    clock,
    onIdle: () => { events.emit('idle') },
    onHopeless: (reason) => { t.fail(reason.message) }
  })
  t.teardown(() => pool.close())
  const kill = async (): Promise<void> => {
    const deaths = log.with(DIED).length
    for (const pid of pool.pids) process.kill(pid, 'SIGKILL')
    await log.says(DIED, deaths + 1)
  }
  const idle = (): Promise<unknown> => once(events, 'idle')
  await idle()
  return { pool, clock, log, idle, kill }
}

async function step (pool: SessionPool): Promise<void> {
  await pool.run({ rows: 1, paddedLength: 32 }, (batch) => { batch.tokens.fill(0) })
}

t.test('a worker that dies as soon as it is ready is replaced after a pause, which grows until one serves', async (t) => {
  const { pool, clock, log, idle, kill } = await start(t)
  const pauses: unknown[] = []
  for (let death = 0; death < 3; death++) {
    await kill()
    const { pauseMs } = log.with(DIED).at(-1) ?? {}
    pauses.push(pauseMs)
    t.equal(clock.alarms, 1, 'nothing is started before the pause is over')
    t.equal(pool.readyCount, 0)
    clock.advance(Number(pauseMs))
    await idle()
  }
  t.same(pauses, [200, 400, 800])
  await step(pool)
  await idle()
  await kill()
  t.equal(log.with(DIED).at(-1)?.pauseMs, 0, 'one that has taken a step is replaced at once')
  await idle()
  t.equal(pool.readyCount, 1)
})

t.test('a worker that had nothing to do for long is replaced at once, too', async (t) => {
  const { clock, log, idle, kill } = await start(t)
  clock.advance(60_000)
  await kill()
  t.equal(log.with(DIED).at(-1)?.pauseMs, 0)
  await idle()
})

t.test('it says when a worker can be expected', async (t) => {
  const { pool, clock, idle, kill } = await start(t)
  t.equal(pool.readyInMs, 0)
  await kill()
  const expected = pool.readyInMs
  t.ok(expected > 200, 'after the pause and a start')
  clock.advance(199)
  t.equal(pool.readyInMs, expected - 199)
  clock.advance(1)
  await idle()
  t.equal(pool.readyInMs, 0)
})

t.test('a pool that is closed starts nothing more and leaves no alarm behind', async (t) => {
  const { pool, clock, kill } = await start(t)
  await kill()
  await pool.close()
  t.equal(clock.alarms, 0)
  t.equal(pool.readyCount, 0)
})

t.test('a step that fails costs its worker nothing: it takes the next one', ON_CPU, async (t) => {
  const { pool, idle } = await start(t)
  const { pids } = pool
  await t.rejects(pool.run({ rows: 1, paddedLength: 32 }, (batch) => { batch.tokens.fill(FAILS) }))
  while (pool.idleCount === 0) await idle()
  await step(pool)
  t.same(pool.pids, pids)
})
