/** Who is alive, who is ready, and what the image asks. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { copyOf } from '../../support/copy.js'
import { startTestServer, TINY_TEXT, type TestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const OTHER = await copyOf('tiny-text', { name: 'tiny-other' })

async function json (url: string): Promise<{ status: number, retryAfter: string | null, body: unknown }> {
  const response = await fetch(url)
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() }
}

/** Its workers are stopped and cannot be replaced: a model that is not there for as long as the test lasts. */
async function fell (server: TestServer, name: string): Promise<void> {
  const engine = server.models.get(name)?.engine
  await engine?.close()
  await until(() => engine?.stats().workers.ready === 0)
}

for (const { readyWhen, status } of [{ readyWhen: 'any' as const, status: 200 }, { readyWhen: 'all' as const, status: 503 }]) {
  t.test(`while one of two models cannot be asked, the server is ${status === 200 ? 'ready' : 'not ready'} where ${readyWhen} is set`, async (t) => {
    const server = await startTestServer({ modelDirectories: [TINY_TEXT, OTHER], readyWhen })
    t.teardown(server.stop)
    const ready = `${server.url}/health/ready`
    t.match(await json(ready), { status: 200, body: { models: [{ model: 'tiny-text', ready: true }, { model: 'tiny-other', ready: true }] } })
    await fell(server, 'tiny-other')
    if (status === 200) t.match(await json(ready), { status, body: { models: [{ model: 'tiny-text', ready: true }, { model: 'tiny-other', ready: false }] } })
    else t.match(await json(ready), { status, retryAfter: '3', body: { error: { code: 'not_ready', message: /tiny-other is not|worker of tiny-other/ } } })
    t.match(await json(`${ready}?model=tiny-text`), { status: 200, body: { models: [{ model: 'tiny-text', ready: true }] } }, 'each model can be asked about')
    t.match(await json(`${ready}?model=tiny-other`), { status: 503, retryAfter: '3', body: { error: { code: 'not_ready', message: /tiny-other/ } } })
    t.match(await json(`${ready}?model=nobody`), { status: 404, body: { error: { code: 'model_not_found' } } })
    await fell(server, 'tiny-text')
    t.match(await json(ready), { status: 503, retryAfter: '3', body: { error: { code: 'not_ready', message: /tiny-text, tiny-other/ } } })
    t.equal((await json(`${server.url}/health/live`)).status, 200, 'it is alive all the time')
  })
}

t.test('the image\'s health check asks whether the process is alive', async (t) => {
  const dockerfile = await readFile(new URL('../../../Dockerfile', import.meta.url), 'utf8')
  const [program = '', ...args] = JSON.parse(/^HEALTHCHECK .*CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[]
  t.equal(program, 'node')
  // The image has it beside the service.
  const cwd = fileURLToPath(new URL('../../../scripts/image', import.meta.url))
  const check = async (port: string): Promise<unknown> =>
    (await once(spawn(process.execPath, args, { cwd, env: { PORT: port } }), 'close'))[0]
  const server = await startTestServer()
  t.teardown(server.stop)
  await fell(server, 'tiny-text')
  const { port } = new URL(server.url)
  t.equal(await check(port), 0, 'a model that is not ready is no reason to restart the container')
  await server.stop()
  t.equal(await check(port), 1, 'a process that does not answer is')
})
