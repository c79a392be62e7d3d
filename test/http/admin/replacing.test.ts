/** A model is replaced under load: whoever asked before gets the old one's answer, whoever asks after it the new one's. */
import { rm } from 'node:fs/promises'
import t from 'tap'
import { ADMIN_KEY, administer, load } from '../../support/admin.js'
import { eventsOf, post } from '../../support/client.js'
import type { FixtureName } from '../../support/engine.js'
import { ModelRoot } from '../../support/model-root.js'
import { isAlive } from '../../support/processes.js'
import { startTestServer, type TestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const VERSIONS = ['tiny-text', 'tiny-llada'] as const
/** A lone text, a stream, several outputs, and a text in blocks. */
const REQUESTS: readonly object[] = [
  { max_tokens: 20, steps: 100, seed: 1 },
  { max_tokens: 20, steps: 100, seed: 2, stream: true },
  { max_tokens: 12, steps: 80, seed: 3, n: 3, temperature: 0.9 },
  { max_tokens: 150, steps: 40, seed: 4, stream: true }
]

interface Swapped {
  readonly root: ModelRoot
  readonly server: TestServer
}

async function start (model: FixtureName = 'tiny-text'): Promise<Swapped> {
  const root = await ModelRoot.create()
  const server = await startTestServer({ modelDirectories: [await root.put('m', model, { name: 'm' })], adminKeys: [`ops:${ADMIN_KEY}`] })
  t.teardown(async () => {
    await server.stop()
    await rm(root.path, { recursive: true })
  })
  return { root, server }
}

/** The texts, or what went wrong instead. */
async function ask (url: string, body: object): Promise<string> {
  const response = await post(url, body)
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return summary(await response.json())
  let last: unknown
  for await (const { data } of eventsOf(response)) last = data
  return summary(last)
}

function summary (answer: unknown): string {
  const { error, outputs } = answer as { error?: { code: string }, outputs?: Array<{ text: string }> }
  return error?.code ?? JSON.stringify(outputs?.map(({ text }) => text))
}

async function askAll (url: string): Promise<string[]> {
  return await Promise.all(REQUESTS.map((body) => ask(url, body)))
}

function pidOf ({ models }: TestServer): number {
  return models.get('m')?.engine.workerPids[0] ?? 0
}

/** What each version says when nobody else is there. */
const alone: Record<typeof VERSIONS[number], string[]> = { 'tiny-text': [], 'tiny-llada': [] }
for (const version of VERSIONS) {
  const { server } = await start(version)
  for (const body of REQUESTS) alone[version].push(await ask(server.url, body))
  await server.stop()
}

t.test('the versions differ', async (t) => {
  for (const [i, text] of alone['tiny-text'].entries()) t.not(text, alone['tiny-llada'][i])
})

t.test('requests in flight finish on the old one, whose worker ends after them; later ones go to the new one', async (t) => {
  const { root, server } = await start()
  const { url, models } = server
  const pid = pidOf(server)
  const before = askAll(url)
  await until(() => models.get('m')?.leases === REQUESTS.length)
  // So that nothing of them is done before the new one is there.
  process.kill(pid, 'SIGSTOP')
  await root.put('m', 'tiny-llada', { name: 'm' })
  t.match(await load(url, 'm'), { status: 200, body: { change: 'replaced', model: { model: 'm', state: 'ready', folder: root.folder('m') } } })
  t.same(await askAll(url), alone['tiny-llada'])
  const { body } = await administer(url, 'GET', '/admin/models')
  t.match(body, { data: [{ model: 'm', state: 'ready', requests: 0 }, { model: 'm', state: 'draining', requests: REQUESTS.length }] })
  t.ok(isAlive(pid))
  process.kill(pid, 'SIGCONT')
  t.same(await before, alone['tiny-text'])
  await until(() => models.draining.length === 0)
  t.notOk(isAlive(pid), 'and its memory is free')
  t.match((await administer(url, 'GET', '/admin/models')).body, { data: { length: 1 } })
})

t.test('a crowd goes on while versions change, and no answer is of neither', async (t) => {
  const { root, server } = await start()
  const { url, models } = server
  const answers: Array<{ readonly i: number, readonly text: string }> = []
  const over = new AbortController()
  const visitor = async (i: number): Promise<void> => {
    while (!over.signal.aborted) answers.push({ i, text: await ask(url, REQUESTS[i] ?? {}) })
  }
  const crowd = [...REQUESTS.keys()].map(visitor)
  for (const version of ['tiny-llada', 'tiny-text', 'tiny-llada'] as const) {
    await root.put('m', version, { name: 'm' })
    const [first, second] = await Promise.all([load(url, 'm'), load(url, 'm'), server.reload()])
    t.same([first.status, second.status], [200, 200])
    t.same(await ask(url, REQUESTS[0] ?? {}), alone[version][0])
  }
  over.abort()
  await Promise.all(crowd)
  t.ok(answers.length >= REQUESTS.length)
  for (const { i, text } of answers) t.ok(VERSIONS.some((version) => alone[version][i] === text), `request ${i}: ${text}`)
  await until(() => models.draining.length === 0)
  for (const msg of ['a model was loaded', 'a model is gone: its workers have ended']) {
    t.equal(server.log.filter((line) => line['msg'] === msg).length, 3, 'of three that ask for the same, one has it loaded')
  }
})

t.test('several may be draining at once, each for as long as it is asked', async (t) => {
  const { root, server } = await start()
  const { url, models } = server
  const pids = [pidOf(server)]
  const giveBack = [models.get('m')?.lease()]
  for (const version of ['tiny-llada', 'tiny-text'] as const) {
    await root.put('m', version, { name: 'm' })
    t.match(await load(url, 'm'), { body: { change: 'replaced' } })
    pids.push(pidOf(server))
    giveBack.push(models.get('m')?.lease())
  }
  t.equal(models.draining.length, 2)
  t.match(await (await fetch(`${url}/metrics`)).text(), /^fewstep_draining_models\{model="m"\} 2$/m)
  giveBack[1]?.()
  await until(() => models.draining.length === 1)
  t.same(pids.map(isAlive), [true, false, true])
  giveBack[0]?.()
  await until(() => models.draining.length === 0)
  t.same(pids.map(isAlive), [false, false, true])
  giveBack[2]?.()
  t.same(await askAll(url), alone['tiny-text'])
})

t.test('where its last worker dies meanwhile, the old one gets another from its own folder, if that is still there', async (t) => {
  const { root, server } = await start()
  const { url, models } = server
  const before = askAll(url)
  await until(() => models.get('m')?.leases === REQUESTS.length)
  process.kill(pidOf(server), 'SIGKILL')
  await root.put('m-2', 'tiny-llada', { name: 'm' })
  t.match(await load(url, 'm-2'), { status: 200, body: { change: 'replaced', model: { folder: root.folder('m-2') } } })
  t.same(await askAll(url), alone['tiny-llada'])
  t.same(await before, alone['tiny-text'])
  await until(() => models.draining.length === 0)
})

t.test('else its requests are told to try again, and it goes; the new one is served', async (t) => {
  const { root, server } = await start()
  const { url, models } = server
  const before = askAll(url)
  await until(() => models.get('m')?.leases === REQUESTS.length)
  await root.put('m', 'tiny-llada', { name: 'm' })
  process.kill(pidOf(server), 'SIGKILL')
  t.match(await load(url, 'm'), { status: 200, body: { change: 'replaced' } })
  t.same(await askAll(url), alone['tiny-llada'])
  t.same(new Set(await before), new Set(['not_ready']))
  await until(() => models.draining.length === 0)
  t.equal(models.all.length, 1)
})

t.test('a stop breaks a load off and leaves no worker behind, draining ones neither', async (t) => {
  const { root, server } = await start()
  const { url, models } = server
  const pids = [pidOf(server)]
  const giveBack = models.get('m')?.lease()
  await root.put('m', 'tiny-llada', { name: 'm' })
  await load(url, 'm')
  pids.push(pidOf(server))
  await root.put('m', 'tiny-text', { name: 'm' })
  const loading = load(url, 'm').then(({ body }) => body, () => 'cut off')
  await until(() => models.loading !== undefined)
  await server.stop({ grace: false })
  t.match(await loading, { error: { code: 'draining' } })
  t.same(pids.map(isAlive), [false, false])
  giveBack?.()
})
