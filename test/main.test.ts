import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { eventsOf, generate, post } from './support/client.js'
import { readManifest } from '../src/model/manifest.js'
import { copyOf } from './support/copy.js'
import { edit } from './support/model-folder.js'
import { asProcessOne } from './support/namespace.js'
import { childrenOf, isAlive, listenersOf, workersOf } from './support/processes.js'
import { TINY_TEXT } from './support/server.js'
import { listening, startProcess, type ServiceProcess } from './support/service-process.js'
import { onTerminal, withoutTerminal } from './support/terminals.js'
import { until } from './support/until.js'

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} lets a running stream finish and exits with 0`, async (t) => {
    const child = startProcess({})
    const exited = once(child, 'close')
    const events = eventsOf(await post(await listening(child), { steps: 400, max_tokens: 20, stream: true }))
    await events.next()
    child.kill(signal)
    let last
    for await (const { event } of events) last = event
    t.equal(last, 'done')
    t.same(await exited, [0, null])
    t.match(child.output.stdout, /"msg":"stopping/)
    t.equal(child.output.stderr, '')
  })
}

/** So many that it loads for a while. */
const MANY_MODELS = (await Promise.all(Array.from({ length: 12 }, (_, i) => copyOf('tiny-text', { name: `model-${i}` })))).join(',')

/** Until a service starts its first worker: from then on it has eleven more to start. */
async function startsWorkers (child: ServiceProcess, pid = child.pid ?? 0): Promise<void> {
  await until(async () => (await workersOf(pid)).length > 0)
}

/** Until a service has ended, or says that it listens. */
async function endedOrListening (child: ServiceProcess): Promise<unknown> {
  return await Promise.race([once(child, 'close'), listening(child).catch(async () => await once(child, 'close'))])
}

t.test('a signal while models load breaks the start off and exits with 0', async (t) => {
  const child = startProcess({ FEWSTEP_MODEL: MANY_MODELS })
  await startsWorkers(child)
  const workers = await workersOf(child.pid ?? 0)
  child.kill('SIGTERM')
  t.same(await endedOrListening(child), [0, null])
  t.match(child.output.stdout, /"signal":"SIGTERM","msg":"stopping: the start is broken off"/)
  t.notMatch(child.output.stdout, 'listens')
  t.equal(child.output.stderr, '')
  await until(() => !workers.some(isAlive))
})

t.test('as process 1, which loses signals that it does not handle, too', async (t) => {
  const child = startProcess({ FEWSTEP_MODEL: MANY_MODELS }, asProcessOne)
  let first = 0
  await until(async () => (first = (await childrenOf(child.pid ?? 0))[0] ?? 0) > 0)
  await startsWorkers(child, first)
  process.kill(first, 'SIGTERM')
  t.same(await endedOrListening(child), [0, null])
  t.match(child.output.stdout, /"msg":"stopping: the start is broken off"/)
})

t.test('SIGHUP means that a terminal was closed, and stops, where there is one', async (t) => {
  const child = startProcess({}, onTerminal)
  const exited = once(child, 'close')
  await listening(child)
  let service = 0
  await until(async () => (service = (await childrenOf(child.pid ?? 0))[0] ?? 0) > 0)
  process.kill(service, 'SIGHUP')
  t.same(await exited, [0, null])
  t.match(child.output.stdout, /stopping: not ready any more/)
})

t.test('else SIGHUP has models that changed loaded again, and SIGUSR2 more logged', async (t) => {
  const folder = await copyOf('tiny-text', { name: 'mine' })
  const child = startProcess({ FEWSTEP_MODEL: folder }, withoutTerminal)
  const exited = once(child, 'close')
  const url = await listening(child)
  const says = async (what: RegExp): Promise<void> => { while (!what.test(child.output.stdout)) await once(child.stdout, 'data') }
  const live = async (): Promise<void> => { await (await fetch(`${url}/health/live`)).text() }

  const workers = await workersOf(child.pid ?? 0)
  child.kill('SIGHUP')
  await says(/"loaded":\[\],"replaced":\[\],"unchanged":\["mine"\],"unloaded":\[\],"msg":"the models were read again"/)
  t.same(await workersOf(child.pid ?? 0), workers)
  const { defaults } = await readManifest(folder)
  await edit(folder, 'manifest.json', (manifest) => { manifest['defaults'] = { ...defaults, steps: 3 } })
  child.kill('SIGHUP')
  await says(/"replaced":\["mine"\]/)
  t.match(await generate(url, { max_tokens: 2 }), { outputs: [{ steps: 3 }] })
  await says(/"msg":"a model is gone: its workers have ended"/)
  t.notOk(workers.some(isAlive))

  await live()
  t.notMatch(child.output.stdout, '/health/live')
  child.kill('SIGUSR2')
  await says(/"level":"debug","msg":"the level of the log was changed"/)
  await live()
  await says(/"route":"\/health\/live"/)
  child.kill('SIGUSR2')
  await says(/"level":"info","msg":"the level of the log was changed"/)
  for (const worker of await workersOf(child.pid ?? 0)) process.kill(worker, 'SIGUSR2')
  t.match(await generate(url, { max_tokens: 2 }), { outputs: [{ steps: 3 }] }, 'a worker is not concerned')
  child.kill('SIGTERM')
  t.same(await exited, [0, null])
  t.equal(child.output.stderr, '')
})

t.test('SIGUSR1 opens no debugger, neither in the service nor in its workers', async (t) => {
  const child = startProcess({})
  const exited = once(child, 'close')
  const url = await listening(child)
  const [worker = 0] = await workersOf(child.pid ?? 0)
  child.kill('SIGUSR1')
  process.kill(worker, 'SIGUSR1')
  // Once a step has run on the worker, both have had their signal.
  await (await post(url, { steps: 2, max_tokens: 4 })).text()
  t.same((await Promise.all([child.pid ?? 0, worker].map(listenersOf))).flat(), [Number(new URL(url).port)])
  child.kill('SIGTERM')
  t.same(await exited, [0, null])
  t.notMatch(child.output.stderr, 'Debugger')
})

t.test('SIGTERM serves on for the grace period, Ctrl-C waits for nobody', async (t) => {
  const child = startProcess({ FEWSTEP_DRAIN_GRACE_MS: '3600000' })
  const url = await listening(child)
  child.kill('SIGTERM')
  await until(async () => (await fetch(`${url}/health/ready`)).status === 503)
  t.equal((await generate(url, { max_tokens: 2, steps: 2 })).outputs.length, 1)
  child.kill('SIGKILL')
  const other = startProcess({ FEWSTEP_DRAIN_GRACE_MS: '3600000' })
  await listening(other)
  other.kill('SIGINT')
  t.same(await once(other, 'close'), [0, null])
})

t.test('a second signal exits at once with 1', async (t) => {
  const child = startProcess({})
  const exited = once(child, 'close')
  const events = eventsOf(await post(await listening(child), { steps: 1024, max_tokens: 60, n: 16, stream: true }))
  await events.next()
  child.kill('SIGTERM')
  while (!child.output.stdout.includes('stopping')) await once(child.stdout, 'data')
  child.kill('SIGTERM')
  await t.rejects((async () => { for await (const { event } of events) if (event === 'done') return })())
  t.same(await exited, [1, null])
})

t.test('a wrong setting is one sentence and exit code 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port: taken } = other.address() as AddressInfo
  const cases = [
    { env: { PORT: 'http' }, sentence: /^fewstep: PORT [^\n]+\n$/ },
    { env: { FEWSTEP_STEPS: '8' }, sentence: /^fewstep: FEWSTEP_STEPS[^\n]+\n$/ },
    { env: { PORT: String(taken) }, sentence: new RegExp(`^fewstep: PORT ${taken} is taken: [^\\n]+\\n$`) },
    { env: { HOST: '/nowhere/fewstep.sock' }, sentence: /^fewstep: HOST \/nowhere\/\S+ is in a folder that is not there[^\n]+\n$/ },
    { env: { HOST: '192.0.2.1' }, sentence: /^fewstep: HOST 192\.0\.2\.1 is no address of this machine [^\n]+\n$/ },
    { env: { FEWSTEP_MODEL: '/nowhere' }, sentence: /^fewstep: \/nowhere\/manifest\.json: [^\n]*FEWSTEP_MODEL[^\n]+\n$/ },
    { env: { FEWSTEP_MODEL: `${TINY_TEXT}, ${TINY_TEXT}` }, sentence: /^fewstep: \S+ and \S+ are both named tiny-text: [^\n]+\n$/ }
  ]
  for (const { env, sentence } of cases) {
    const child = startProcess(env)
    t.same(await once(child, 'close'), [1, null])
    t.match(child.output.stderr, sentence)
  }
})
