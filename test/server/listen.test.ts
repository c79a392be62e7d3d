import { spawn } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { access, mkdtemp, writeFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { eventsOf, post } from '../support/client.js'
import { RawConnection } from '../support/raw-connection.js'
import { startTestServer } from '../support/server.js'

t.test('localhost is all of its addresses: each serves, answers errors in one shape, and is closed when the server stops', async (t) => {
  const server = await startTestServer({ host: 'localhost' })
  t.teardown(server.stop)
  const { port } = new URL(server.url)
  const addresses = await lookup('localhost', { all: true })
  const urls = addresses.map(({ address, family }) => `http://${family === 6 ? `[${address}]` : address}:${port}`)
  const running = []
  for (const url of urls) {
    t.equal((await fetch(`${url}/health/live`)).status, 200, url)
    t.match(await (await RawConnection.open(url)).send('hello\r\n\r\n').responses(), [{ status: 400, body: /invalid_request/ }])
    running.push(eventsOf(await post(url, { steps: 200, max_tokens: 8, stream: true })))
  }
  const stopped = server.stop()
  for (const events of running) {
    let last
    for await (const { event } of events) last = event
    t.equal(last, 'done', 'what runs is waited for, whatever address it came to')
  }
  await stopped
  for (const url of urls) {
    const [error] = await once(connect(Number(port), new URL(url).hostname.replace(/^\[|\]$/g, '')), 'error') as [NodeJS.ErrnoException]
    t.equal(error.code, 'ECONNREFUSED', url)
  }
})

/** What a service on a Unix socket answers. */
async function ask (
  socketPath: string, path: string, headers: Record<string, string> = {}
): Promise<{ status: number | undefined, body: string }> {
  const asked = request({ socketPath, path, headers, agent: false }).end()
  const [response] = await once(asked, 'response') as [IncomingMessage]
  return { status: response.statusCode, body: await text(response) }
}

t.test('a host that is a path is a Unix socket, and its file goes with the server', async (t) => {
  const host = join(await mkdtemp(join(tmpdir(), 'fewstep-')), 'fewstep.sock')
  const server = await startTestServer({ host, requestsPerMinute: 1, trustProxy: ['unix'] })
  t.equal(server.url, `unix:${host}`)
  t.ok(server.log.some(({ msg }) => String(msg).includes(`listens on ${host}`)))
  t.match(await ask(host, '/health/live'), { status: 200, body: '{"status":"live"}' })
  const statuses = []
  for (const from of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) {
    statuses.push((await ask(host, '/v1/models', { 'x-forwarded-for': from })).status)
  }
  t.same(statuses, [200, 429, 200], 'a proxy behind it is believed where it is trusted')
  await t.rejects(startTestServer({ host }), { code: 'EADDRINUSE' }, 'a socket on which somebody listens is taken')
  t.equal((await ask(host, '/health/live')).status, 200)
  await server.stop()
  await t.rejects(access(host))
})

t.test('a socket that a killed process left is replaced, a file is not', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fewstep-'))
  const host = join(directory, 'fewstep.sock')
  const script = "require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))"
  await once(spawn(process.execPath, ['-e', script, host]), 'close')
  await access(host)
  const server = await startTestServer({ host })
  t.equal((await ask(host, '/health/live')).status, 200)
  await server.stop()
  await writeFile(host, 'precious')
  await t.rejects(startTestServer({ host }), { code: 'EADDRINUSE' })
  await access(host)
})
