/** Two batches with one worker: the one that it is at, and the next. */
import { EventEmitter, once } from 'node:events'
import t, { type Test } from 'tap'
import { AHEAD_MS, goesAhead } from '../../src/engine/ahead.js'
import { Dispatcher } from '../../src/engine/dispatcher.js'
import type { Row } from '../../src/engine/row.js'
import type { SessionPool } from '../../src/engine/session-pool.js'
import { ManualClock } from '../support/clock.js'
import { TestLog } from '../support/log.js'
import { rowsOf } from '../support/rows.js'
import { startFaultyPool } from '../support/session.js'
import { until } from '../support/until.js'

/** See train/tests/faulty_graph.py. */
const FAILS = 13
const FULL = 2

interface Parts {
  readonly dispatcher: Dispatcher
  readonly pool: SessionPool
  readonly clock: ManualClock
  /** Seeds of the rows in each batch that was tried. */
  readonly tried: number[][]
  /** Times in the order in which they were observed. */
  readonly observed: number[]
  /** Seeds in the order in which a worker began with them. */
  readonly begun: number[]
  readonly failed: Row[]
  readonly settled: () => Promise<unknown>
}

/** @param stepMs what a step of any size is expected to take */
async function start (t: Test, stepMs = 1): Promise<Parts> {
  const [clock, log, events] = [new ManualClock(), new TestLog('warn'), new EventEmitter()]
  const [tried, observed, begun, failed]: [number[][], number[], number[], Row[]] = [[], [], [], []]
  const pool = await startFaultyPool(t, clock, log, () => { dispatcher.tick() })
  const dispatcher: Dispatcher = new Dispatcher({
    pool: {
      get idleCount () { return pool.idleCount },
      get aheadCount () { return pool.aheadCount },
      size: pool.size,
      run: async (shape, fill, options) => await pool.run(shape, (batch) => {
        fill(batch)
        tried.push([...batch.seed])
      }, options)
    },
    costs: { observe: ({ ms }) => { observed.push(ms) }, estimate: () => stepMs, efficientRows: () => FULL, rowsToRun: () => FULL },
    maxBatch: 16,
    logger: log.logger,
    now: clock.now,
    onBegin: ({ seed }) => { begun.push(seed) },
    onRetry: () => {},
    requestOf: ({ seed }) => String(seed),
    onStep: () => { events.emit('settled') },
    onFailed: (row) => {
      failed.push(row)
      events.emit('settled')
    }
  })
  return { dispatcher, pool, clock, tried, observed, begun, failed, settled: () => once(events, 'settled') }
}

async function finish ({ dispatcher, failed, settled }: Parts, rows: readonly Row[]): Promise<void> {
  dispatcher.tick()
  while (!rows.every((row) => row.done || failed.includes(row))) await settled()
}

function add ({ dispatcher }: Parts, rows: readonly Row[]): void {
  for (const row of rows) dispatcher.add(row)
}

t.test('while a worker is at a step it has the next, of other rows, if they fill it', async (t) => {
  const parts = await start(t)
  const { dispatcher, pool, tried, begun } = parts
  const rows = rowsOf(5)
  add(parts, rows)
  dispatcher.tick()
  t.same(tried, [[0, 1], [2, 3]])
  t.match(dispatcher, { waitingRows: 1, runningRows: 4 })
  t.match(pool, { idleCount: 0, aheadCount: 0 })
  t.same(begun, [0, 1], 'who was sent ahead still waits')
  await finish(parts, rows)
  t.same(tried[2], [0, 1], 'rows that are back are in the next one')
  const steps = tried.flat().reduce<Record<number, number>>((counts, seed) => ({ ...counts, [seed]: (counts[seed] ?? 0) + 1 }), {})
  t.same(steps, { 0: 2, 1: 2, 2: 2, 3: 2, 4: 2 }, 'each takes its two steps and no more')
  const alone = await start(t, AHEAD_MS + 1)
  const others = rowsOf(5)
  add(alone, others)
  alone.dispatcher.tick()
  t.same(alone.tried, [[0, 1]], 'behind a long step nothing is sent ahead')
  await finish(alone, others)
  t.same(rows.map((row) => row.result().tokens), others.map((row) => row.result().tokens), 'and the tokens are the same')
})

t.test('a step counts from when its worker is at it', async (t) => {
  const parts = await start(t)
  const { dispatcher, clock, pool, observed, settled } = parts
  add(parts, rowsOf(4))
  for (const pid of pool.pids) process.kill(pid, 'SIGSTOP')
  dispatcher.tick()
  clock.advance(1000)
  for (const pid of pool.pids) process.kill(pid, 'SIGCONT')
  while (observed.length < 2) await settled()
  const [first = 0, second = 0] = observed
  t.equal(first, 1000)
  t.ok(second < 1000, 'without the time behind the first')
})

t.test('where a worker dies, only the step that it was at has failed', async (t) => {
  const parts = await start(t)
  const { dispatcher, pool, clock, failed } = parts
  const rows = rowsOf(4)
  add(parts, rows)
  // One that does not run cannot have answered before it is killed.
  for (const pid of pool.pids) process.kill(pid, 'SIGSTOP')
  dispatcher.tick()
  for (const pid of pool.pids) process.kill(pid, 'SIGKILL')
  await until(() => dispatcher.runningRows === 0 && clock.alarms === 1)
  t.same(rows.map(({ failures }) => failures), [1, 1, 0, 0])
  t.equal(dispatcher.totals.failures, 1)
  clock.advance(200) // until another worker is started
  await finish(parts, rows)
  t.same(failed, [])
})

t.test('a step that fails is run again apart, and what was sent ahead goes through', async (t) => {
  const parts = await start(t)
  const { dispatcher, tried, failed } = parts
  const [good, bad] = [rowsOf(4).slice(1), rowsOf(1, [FAILS])]
  const rows = [...bad, ...good]
  add(parts, rows)
  await finish(parts, rows)
  t.same(failed, bad)
  t.same(tried.slice(0, 4), [[0, 1], [2, 3], [0], [1]], 'of what has failed one batch at a time is tried')
  t.match(dispatcher, { waitingRows: 0, runningRows: 0 })
})

t.test('a row may leave a batch that was sent ahead', async (t) => {
  const parts = await start(t)
  const { dispatcher, begun } = parts
  const rows = rowsOf(4)
  const [third] = rows.slice(2)
  add(parts, rows)
  dispatcher.tick()
  if (third !== undefined) dispatcher.remove(third)
  await finish(parts, rows.filter((row) => row !== third))
  t.equal(third?.step, 1, 'the step goes on without it')
  t.notOk(begun.includes(2))
})

t.test('half a batch waits for the rows that run', async (t) => {
  t.ok(goesAhead(4, 4))
  t.ok(goesAhead(5, 4), 'a size that is being tried')
  t.notOk(goesAhead(3, 4))
  t.notOk(goesAhead(0, 0))
})
