/** A process that may open few files: connections beyond them wait or are closed, and nothing else suffers. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { generate } from '../../support/client.js'
import { listening, startProcess } from '../../support/service-process.js'
import { until } from '../../support/until.js'

const FILES = 64
const CLIENTS = 100

t.test('more clients than the process may open files: the service lives, and serves again when some have left', { skip: process.platform !== 'linux' }, async (t) => {
  const service = startProcess({ FEWSTEP_CACHE_DIR: 'none' })
  t.teardown(() => service.kill('SIGKILL'))
  const url = await listening(service)
  // Loading its own modules took more.
  await promisify(execFile)('prlimit', ['--pid', String(service.pid), `--nofile=${FILES}:${FILES}`])
  const { hostname, port } = new URL(url)
  const answered = new Set<Socket>()
  const sockets = Array.from({ length: CLIENTS }, () => {
    const socket = connect(Number(port), hostname).on('error', () => {})
    socket.on('data', () => { answered.add(socket) })
    socket.write('GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n')
    return socket
  })
  await until(() => answered.size > 5)
  // Who has been let in keeps his connection, and is served on it.
  const [first] = answered
  first?.write('GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n')
  if (first !== undefined) await once(first, 'data')
  t.ok(answered.size < CLIENTS)
  for (const socket of sockets) socket.destroy()
  await until(async () => await fetch(`${url}/health/ready`, { headers: { connection: 'close' } }).then(({ ok }) => ok, () => false))
  t.equal((await generate(url, { max_tokens: 4, steps: 2 })).outputs.length, 1)
  service.kill('SIGTERM')
  t.same(await once(service, 'close'), [0, null])
})
