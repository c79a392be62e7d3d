/**
 * Everything at once: a crowd over real HTTP, workers killed under it, clients that leave, and a stop in the middle.
 * Nobody who stays loses a request, and nothing is left behind.
 */
import t, { type Test } from 'tap'
import { eventsOf, generate, post, type StreamedEvent } from '../../support/client.js'
import { Draw } from '../../support/draw.js'
import { isAlive, signal } from '../../support/processes.js'
import { startTestServer, type TestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const CLIENTS = 32
const unhandled: unknown[] = []
process.on('unhandledRejection', (error) => { unhandled.push(error) })
process.on('warning', (warning) => { if (warning.name === 'MaxListenersExceededWarning') unhandled.push(warning) })

interface Client {
  readonly body: { readonly seed: number, readonly max_tokens: number, readonly steps: number, readonly n: number, readonly top_k: number }
  readonly stream: boolean
  /** After so many steps it leaves. */
  readonly leavesAfter: number
}

function anyClient (draw: Draw, seed: number): Client {
  const leaves = draw.integer(0, 3) === 0
  return {
    body: { seed, max_tokens: draw.integer(1, 60), steps: draw.integer(4, 24), n: draw.integer(1, 3), top_k: draw.of([0, 0, 0, 5]) },
    stream: leaves || draw.integer(0, 1) === 0,
    leavesAfter: leaves ? draw.integer(1, 3) : Infinity
  }
}

/** What a client ends up with: the texts, or 'left'. */
async function visit (url: string, { body, stream, leavesAfter }: Client): Promise<unknown> {
  if (!stream) return (await generate(url, body)).outputs.map(({ text }) => text)
  const controller = new AbortController()
  const response = await post(url, { ...body, stream }, { signal: controller.signal })
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  let last: StreamedEvent | undefined
  let steps = 0
  try {
    for await (const event of eventsOf(response)) {
      last = event
      if (++steps === leavesAfter) controller.abort()
    }
  } catch (error) {
    if (!controller.signal.aborted) throw error
    return 'left'
  }
  return last?.event === 'done' ? last.data.outputs.map(({ text }) => text) : last
}

/**
 * Start the visits, with workers that stand still until all are in: else the first may be gone when the last comes, or it comes when
 * no worker lives, and is told to come again.
 */
async function everybodyIn ({ engine }: TestServer, start: () => Promise<unknown>[]): Promise<Promise<unknown>[]> {
  const pids = engine.workerPids
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  const visits = start()
  await until(() => engine.stats().generations === CLIENTS)
  for (const pid of pids) process.kill(pid, 'SIGCONT')
  return visits
}

/** Kill a worker now and then: whenever the engine has run `every` batches more. */
function startKiller ({ engine }: TestServer, every: number): { readonly killed: number, stop: () => void } {
  const state = { killed: 0, stop: () => { clearInterval(timer) } }
  // One that was killed is listed until its death is noticed.
  const dead = new Set<number>()
  let next = every
  const timer = setInterval(() => {
    const pid = engine.workerPids.find((each) => !dead.has(each))
    if (engine.stats().steps.batches < next || pid === undefined) return
    next = engine.stats().steps.batches + every
    process.kill(pid, 'SIGKILL')
    dead.add(pid)
    state.killed++
  }, 1)
  return state
}

/** Nothing of any request is left. */
async function assertEmpty (t: Test, { engine }: TestServer): Promise<void> {
  await until(() => engine.stats().generations === 0)
  t.match(engine.stats(), { generations: 0, queuedRows: 0, runningRows: 0, listeners: 0 })
}

t.test('a crowd, workers that die and clients that leave', async (t) => {
  const draw = new Draw(11)
  const clients = Array.from({ length: CLIENTS }, (_, seed) => anyClient(draw, seed))
  const server = await startTestServer({ workers: 2, maxBatch: 4, logLevel: 'warn' })
  t.teardown(server.stop)

  const calm = new Map<Client, unknown>()
  for (const client of clients) if (client.leavesAfter === Infinity) calm.set(client, await visit(server.url, client))
  await assertEmpty(t, server)

  const visits = await everybodyIn(server, () => clients.map((client) => visit(server.url, client)))
  const killer = startKiller(server, 25)
  t.teardown(killer.stop)
  const results = await Promise.all(visits)
  killer.stop()
  t.ok(killer.killed >= 3, `${killer.killed} workers were killed`)
  clients.forEach((client, i) => { t.same(results[i], calm.get(client) ?? 'left', JSON.stringify(client)) })
  await assertEmpty(t, server)
  await until(() => server.engine.stats().workers.replaced === killer.killed && server.engine.stats().workers.ready === 2)
})

t.test('a stop in the middle of a crowd: who was let in is served to the end, then everything is gone', async (t) => {
  const draw = new Draw(12)
  const server = await startTestServer({ workers: 2, maxBatch: 4, logLevel: 'warn' })
  t.teardown(server.stop)
  const pids = server.engine.workerPids
  const visits = await everybodyIn(server, () =>
    Array.from({ length: CLIENTS }, (_, seed) => visit(server.url, { ...anyClient(draw, seed), leavesAfter: Infinity })))
  signal(pids[0], 'SIGKILL')
  await server.stop()
  for (const result of await Promise.all(visits)) t.ok(Array.isArray(result), JSON.stringify(result))
  await assertEmpty(t, server)
  t.equal(server.engine.stats().state, 'stopped')
  t.notOk(pids.some(isAlive), 'no worker is left')
})

t.test('no rejection went unhandled and no listener piled up', async (t) => {
  t.same(unhandled, [])
})
