/** Who goes first where memory runs out, and what is said of it. */
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { inferenceFailed } from '../../src/engine/refusals.js'
import { WorkerKilled } from '../../src/engine/worker-killed.js'
import { signal } from '../support/processes.js'
import { startSession } from '../support/session.js'

async function scoreOf (pid: number | string): Promise<number> {
  return Number(await readFile(`/proc/${pid}/oom_score_adj`, 'utf8'))
}

t.test('a session worker goes before the service', { skip: process.platform !== 'linux' }, async (t) => {
  const session = await startSession('tiny-mask')
  t.teardown(() => { session.kill() })
  t.ok(await scoreOf(session.pid ?? '') > await scoreOf('self'))
})

t.test('the step of a worker that was killed says so, and so does the error of a request for which that happened too often', async (t) => {
  const session = await startSession('tiny-mask')
  const pid = session.pid ?? 0
  // One that does not run cannot have answered before it is killed.
  process.kill(pid, 'SIGSTOP')
  const step = session.run({ rows: 1, paddedLength: 32 }, () => {}, 60_000)
  process.kill(pid, 'SIGKILL')
  const error = await step.then(() => undefined, (reason: unknown) => reason)
  t.ok(error instanceof WorkerKilled)
  t.match((error as Error).message, 'memory')
  t.match(inferenceFailed(error), { code: 'inference_failed', message: /memory runs out; ask for fewer or shorter outputs/ })
  t.match(inferenceFailed(new Error('other')).message, 'log')
})

t.test('a worker that the pool itself ends is not said to be killed for memory', async (t) => {
  const session = await startSession('tiny-mask')
  signal(session.pid, 'SIGSTOP')
  const step = session.run({ rows: 1, paddedLength: 32 }, () => {}, 60_000)
  session.kill()
  const error = await step.then(() => undefined, (reason: unknown) => reason)
  t.notOk(error instanceof WorkerKilled)
})
