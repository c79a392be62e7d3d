/** The dispatcher on a real worker, with costs that are known: whatever waits runs together. */
import { EventEmitter, once } from 'node:events'
import t, { type Test } from 'tap'
import { Dispatcher, type DispatcherOptions } from '../../src/engine/dispatcher.js'
import type { Row } from '../../src/engine/row.js'
import { ManualClock } from '../support/clock.js'
import { TestLog } from '../support/log.js'
import { rowsOf } from '../support/rows.js'
import { startFaultyPool } from '../support/session.js'

/** See train/tests/faulty_graph.py. */
const MOST_ROWS = 4
const FAILS = 13

const all = (_length: number, maxRows: number): number => maxRows
const KNOWN = { estimate: () => 1, efficientRows: all, rowsToRun: all }

interface Parts {
  readonly dispatcher: Dispatcher
  readonly clock: ManualClock
  readonly log: TestLog
  /** Rows in each batch that was tried. */
  readonly tried: number[]
  /** Rows whose steps failed and were to be run again, in order. */
  readonly retried: Row[]
  /** Runs the rows to their ends; those that were given up are among the failed. */
  readonly runAll: (rows: readonly Row[]) => Promise<{ readonly done: Row[], readonly failed: Row[] }>
}

async function start (t: Test, options: Partial<DispatcherOptions> = {}): Promise<Parts> {
  const clock = new ManualClock()
  const log = new TestLog('warn')
  const events = new EventEmitter()
  const tried: number[] = []
  const retried: Row[] = []
  const done = new Set<Row>()
  const failed = new Set<Row>()
  const pool = await startFaultyPool(t, clock, log, () => { dispatcher.tick() })
  const settle = (row: Row, rows: Set<Row>): void => {
    rows.add(row)
    events.emit('settled')
  }
  const dispatcher: Dispatcher = new Dispatcher({
    pool: {
      get idleCount () { return pool.idleCount },
      get aheadCount () { return pool.aheadCount },
      size: pool.size,
      run: async (shape, ...rest) => {
        tried.push(shape.rows)
        return await pool.run(shape, ...rest)
      }
    },
    costs: { observe: () => {}, ...KNOWN },
    maxBatch: 16,
    logger: log.logger,
    now: clock.now,
    onBegin: () => {},
    onRetry: (row) => { retried.push(row) },
    requestOf: (row) => `request ${row.seed}`,
    onFailed: (row) => { settle(row, failed) },
    ...options,
    onStep: (row, batch) => {
      options.onStep?.(row, batch)
      if (row.done) settle(row, done)
    }
  })
  const runAll = async (rows: readonly Row[]): Promise<{ done: Row[], failed: Row[] }> => {
    for (const row of rows) dispatcher.add(row)
    dispatcher.tick()
    while (!rows.every((row) => done.has(row) || failed.has(row))) await once(events, 'settled')
    return { done: rows.filter((row) => done.has(row)), failed: rows.filter((row) => failed.has(row)) }
  }
  return { dispatcher, clock, log, tried, retried, runAll }
}

t.test('a row whose step fails is found by halving its batch; the others are done', async (t) => {
  const { dispatcher, log, tried, retried, runAll } = await start(t)
  const [good, bad] = [rowsOf(3), rowsOf(1, [FAILS])]
  t.same(await runAll([...bad, ...good]), { done: good, failed: bad })
  t.same(tried.slice(0, 6), [4, 2, 2, 1, 1, 3], 'four, two and two, one and one; then the others take their second step')
  t.equal(dispatcher.totals.failures, 3)
  t.match(dispatcher, { waitingRows: 0, runningRows: 0 })
  t.same(retried, [...bad, ...good, ...bad, ...good.slice(0, 1)], 'twice the bad one; the third time it was given up')
  t.same(log.lines.map(({ requests }) => (requests as string[]).length), [3, 1, 1], 'the log names the requests, which seeds tell apart here')
})

t.test('a batch that is too large goes through in parts, and its size is not tried again soon', async (t) => {
  const { clock, tried, runAll } = await start(t)
  const sizes = async (): Promise<number[]> => {
    const { failed } = await runAll(rowsOf(6))
    t.same(failed, [])
    return tried.splice(0)
  }
  t.same(await sizes(), [6, 3, 3, 3, 3], 'six fail, three go through, and so does the second step')
  t.same(await sizes(), [3, 3, 3, 3])
  clock.advance(30_000)
  t.same(await sizes(), [6, 3, 3, 3, 3], 'later it is tried again')
  clock.advance(30_000)
  t.same(await sizes(), [3, 3, 3, 3], 'but each time the pause is longer')
  t.ok(MOST_ROWS < 6)
})

t.test('a listener that throws fails its own row; its step is not run again, nor that of the others', async (t) => {
  const rows = rowsOf(3)
  const { dispatcher, tried, runAll } = await start(t, { onStep: (row) => { if (row === rows[0]) throw new Error('no') } })
  t.same(await runAll(rows), { done: rows.slice(1), failed: rows.slice(0, 1) })
  t.same(tried, [3, 2])
  t.equal(dispatcher.totals.failures, 0)
})

t.test('bookkeeping that goes wrong is logged, and no step is run again for it', async (t) => {
  const costs = { observe: () => { throw new Error('no') }, ...KNOWN }
  const { dispatcher, log, tried, runAll } = await start(t, { costs })
  const rows = rowsOf(3)
  t.same(await runAll(rows), { done: rows, failed: [] })
  t.same(tried, [3, 3])
  t.equal(dispatcher.totals.failures, 0)
  await log.says('a step went wrong outside its worker')
})
