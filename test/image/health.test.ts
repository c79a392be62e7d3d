import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const HEALTH = fileURLToPath(new URL('../../scripts/image/health.js', import.meta.url))

async function exitCode (port: number): Promise<number | null> {
  const [code] = await once(spawn(process.execPath, [HEALTH], { env: { PORT: String(port) }, stdio: 'inherit' }), 'exit') as [number | null]
  return code
}

t.test('the health check of the image succeeds while /health/live says 200, and fails otherwise', async (t) => {
  let status = 200
  const asked: Array<string | undefined> = []
  const server = createServer((request, reply) => {
    asked.push(request.url)
    reply.writeHead(status).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.equal(await exitCode(port), 0)
  status = 503
  t.equal(await exitCode(port), 1)
  server.close()
  await once(server, 'close')
  t.equal(await exitCode(port), 1)
  t.same(asked, ['/health/live', '/health/live'])
})
