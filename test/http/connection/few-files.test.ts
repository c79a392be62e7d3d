/** A process that may open few files: connections beyond them wait or are closed, and nothing else suffers. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import t from 'tap'
import { generate } from '../../support/client.js'
import { workersOf } from '../../support/processes.js'
import { listening, startProcess } from '../../support/service-process.js'
import { until } from '../../support/until.js'

const FILES = 64
const CLIENTS = 100
/** Enough for it to load its modules. */
const ENOUGH_TO_LOAD = 512
const NEARLY_ENOUGH = 256
const DROPPED = 'connections were closed at once'
const HEALTH = 'GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n'

const limitedTo = (files: number) => (command: readonly string[]): string[] => ['prlimit', `--nofile=${files}:${files}`, ...command]

/** Clients who ask once and stay, and those of them who were answered. */
function crowd (url: string, clients: number): { readonly sockets: Socket[], readonly answered: Set<Socket> } {
  const { hostname, port } = new URL(url)
  const answered = new Set<Socket>()
  const sockets = Array.from({ length: clients }, () => {
    const socket = connect(Number(port), hostname).on('error', () => {})
    socket.on('data', () => { answered.add(socket) })
    socket.write(HEALTH)
    return socket
  })
  return { sockets, answered }
}

t.test('more clients than the process may open files: the service lives, and serves again when some have left', { skip: process.platform !== 'linux' }, async (t) => {
  const service = startProcess({ FEWSTEP_CACHE_DIR: 'none' })
  t.teardown(() => service.kill('SIGKILL'))
  const url = await listening(service)
  // Loading its own modules took more.
  await promisify(execFile)('prlimit', ['--pid', String(service.pid), `--nofile=${FILES}:${FILES}`])
  const { sockets, answered } = crowd(url, CLIENTS)
  await until(() => answered.size > 5)
  // Who has been let in keeps his connection, and is served on it.
  const [first] = answered
  first?.write(HEALTH)
  if (first !== undefined) await once(first, 'data')
  t.ok(answered.size < CLIENTS)
  for (const socket of sockets) socket.destroy()
  await until(async () => await fetch(`${url}/health/ready`, { headers: { connection: 'close' } }).then(({ ok }) => ok, () => false))
  t.equal((await generate(url, { max_tokens: 4, steps: 2 })).outputs.length, 1)
  service.kill('SIGTERM')
  t.same(await once(service, 'close'), [0, null])
})

t.test('more clients than there is room for from the start: the log says so, and files are left for a new worker', { skip: process.platform !== 'linux' }, async (t) => {
  const service = startProcess({ FEWSTEP_CACHE_DIR: 'none' }, limitedTo(ENOUGH_TO_LOAD))
  t.teardown(() => service.kill('SIGKILL'))
  const url = await listening(service)
  const { sockets, answered } = crowd(url, ENOUGH_TO_LOAD)
  await until(() => service.output.stdout.includes(DROPPED))
  const line = service.output.stdout.split('\n').find((each) => each.includes(DROPPED)) ?? ''
  const { most } = JSON.parse(line) as { readonly most: number }
  t.ok(most > 300 && most < ENOUGH_TO_LOAD, `${most} connections`)
  await until(() => answered.size === most && sockets.filter(({ closed }) => closed).length === ENOUGH_TO_LOAD - most)

  const [worker = 0] = await workersOf(service.pid ?? 0)
  process.kill(worker, 'SIGKILL')
  await until(() => service.output.stdout.includes('a session worker has been replaced'))
  t.notMatch(service.output.stdout, 'did not start')

  const [first, ...others] = answered
  for (const socket of others) socket.destroy()
  await until(async () => await fetch(`${url}/health/ready`, { headers: { connection: 'close' } }).then(({ ok }) => ok, () => false))
  const metrics = await (await fetch(`${url}/metrics`)).text()
  t.ok(Number(/^fewstep_connections_dropped_total (\d+)$/m.exec(metrics)?.[1]) >= ENOUGH_TO_LOAD - most)
  t.equal(service.output.stdout.split(DROPPED).length, 2, 'one line for all of them')
  first?.destroy()
  service.kill('SIGTERM')
  t.same(await once(service, 'close'), [0, null])
})

t.test('a program that may open too few files to load its own code says what to change', { skip: process.platform !== 'linux' }, async (t) => {
  // As it is built: what compiles it while it runs needs files, too. Below the root, where it finds its packages.
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  await mkdir(join(root, '.tap'), { recursive: true })
  const folder = await mkdtemp(join(root, '.tap', 'built-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'))
  await build({ entryPoints: [join(root, 'src/**/*.ts')], outdir: join(folder, 'dist'), format: 'esm' })
  for (const [files, file, ...args] of [
    [FILES, 'main.js'],
    [FILES, 'cli/main.js', 'generate', 'A prompt'],
    [FILES, 'cli/main.js', 'serve', '--help'],
    // Node does not always say so: here it finds a package no more.
    [NEARLY_ENOUGH, 'main.js'],
    [NEARLY_ENOUGH, 'cli/main.js', 'serve']
  ] as const) {
    const [program = '', ...limited] = limitedTo(files)([process.execPath, join(folder, 'dist', file), ...args])
    await t.rejects(promisify(execFile)(program, limited), {
      code: 1,
      stdout: '',
      stderr: 'fewstep: the process may open too few files to load its own code; raise the limit: ulimit -n 1024, or docker run --ulimit nofile=1024\n'
    }, `${file} ${args.join(' ')} with ${files}`)
  }
})
