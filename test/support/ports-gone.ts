/**
 * A program for a network with few ports, see `withFewPorts`: takes all of them, and prints in JSON what a service does meanwhile and
 * afterwards. Its argument is how many there are.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { generate } from './client.js'
import { requestText } from './raw-connection.js'
import { listening, startProcess } from './service-process.js'
import { until } from './until.js'

const PORT = 8080
const COLLECTOR_PORT = 4318
const BODY = JSON.stringify({ seed: 1, max_tokens: 8, steps: 2 })

const ports = Number(process.argv[2])
let spansTaken = 0
// Neither it nor the service ends connections that are silent: on a slow machine ports would be free again before all is tried.
const collector = createServer({ requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
  spansTaken++
  request.resume()
  response.end('{}')
}).listen(COLLECTOR_PORT, '127.0.0.1')

/** Connections until there are no more. */
async function takePorts (to: number): Promise<Socket[]> {
  const sockets = []
  for (;;) {
    const socket = connect(to, '127.0.0.1')
    const error = await once(socket, 'connect').then(() => undefined, (reason: unknown) => reason as NodeJS.ErrnoException)
    if (error?.code === 'EADDRNOTAVAIL') return sockets
    if (error !== undefined) throw error
    sockets.push(socket.on('error', () => {}))
  }
}

/** The status of a generation on a connection that is there. */
async function statusOn (socket: Socket): Promise<string | undefined> {
  let answer = ''
  socket.on('data', (data: Buffer) => { answer += String(data) })
  socket.write(requestText('POST', '/v1/generate', { body: BODY }))
  await until(() => answer.includes('"outputs"') || answer.includes('"error"') || socket.destroyed)
  return /^HTTP\/1.1 (\d+)/.exec(answer)?.[1]
}

const service = startProcess({
  PORT: String(PORT),
  FEWSTEP_CACHE_DIR: 'none',
  FEWSTEP_REQUEST_TIMEOUT_MS: '600000',
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${COLLECTOR_PORT}`,
  OTEL_BSP_SCHEDULE_DELAY: '50'
})
const url = await listening(service)
const [first, ...others] = await takePorts(PORT)
if (first === undefined) throw new Error('there were no ports')
const toCollector = await takePorts(COLLECTOR_PORT)
const status = await statusOn(first)
await until(() => service.output.stdout.includes('spans could not be sent'))
const spansMeanwhile = spansTaken
const another = startProcess({ FEWSTEP_CACHE_DIR: 'none' })
const anotherEnded = await once(another, 'close')

for (const socket of [first, ...others, ...toCollector]) socket.destroy()
// The kernel keeps a port for a second after its connection was closed: until then there is none for a client, or spans are lost.
await until(async () => {
  await generate(url, { seed: 1, max_tokens: 8, steps: 2 }).catch((error: unknown) => {
    if ((error as { cause?: NodeJS.ErrnoException }).cause?.code !== 'EADDRNOTAVAIL') throw error
  })
  return spansTaken > 0
})
service.kill('SIGTERM')
const ended = await once(service, 'close')
collector.close().closeAllConnections()
console.log(JSON.stringify({
  taken: [1 + others.length, toCollector.length],
  ports,
  status,
  spansMeanwhile,
  said: service.output.stdout.split('\n').find((line) => line.includes('spans could not be sent')),
  another: { ended: anotherEnded, stderr: another.output.stderr },
  ended,
  stderr: service.output.stderr
}))
