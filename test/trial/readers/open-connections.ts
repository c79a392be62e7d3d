/**
 * npx tsx test/trial/readers/open-connections.ts --idle 1000 --streams 500 --write
 *
 * What connections cost that do nothing: idle ones that are kept alive, and open streams whose steps do not come, since the worker is
 * stopped meanwhile. Prints bytes for each, and how long another client waits for an answer beside them, as a line of the table in
 * docs/reliability.md, and with --write puts it there.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { median } from '../../../src/load/statistics.js'
import { workersOf } from '../../support/processes.js'
import { requestText } from '../../support/raw-connection.js'
import { listening, startProcess } from '../../support/service-process.js'
import { until } from '../../support/until.js'
import { report } from '../report.js'
import { megabytes, vitalsOf } from '../vitals.js'

const ASKED = 200
const MOST_BYTES_A_STREAM = 100_000
/** Of the time that another client waits. */
const MOST_SLOWER = 1.2

const { values } = parseArgs({
  options: { idle: { type: 'string', default: '1000' }, streams: { type: 'string', default: '500' }, write: { type: 'boolean' } }
})
const [idleCount, streamCount] = [Number(values.idle), Number(values.streams)]
const service = startProcess({ FEWSTEP_MAX_QUEUE: '4096', FEWSTEP_MAX_WAIT_MS: '3600000', FEWSTEP_DRAIN_TIMEOUT_MS: '0' })
const url = await listening(service)
const { hostname, port } = new URL(url)

async function open (text: string): Promise<Socket> {
  const socket = connect(Number(port), hostname).on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** ms, of many. */
async function latency (): Promise<number> {
  const times = []
  for (let i = 0; i < ASKED; i++) {
    const begin = performance.now()
    await (await fetch(`${url}/v1/models`)).text()
    times.push(performance.now() - begin)
  }
  return median(times)
}

await latency() // what is slow only once
const before = { ms: await latency(), ...await vitalsOf(url) }

const idle = await Promise.all(Array.from({ length: idleCount }, async () => {
  const socket = await open(requestText('GET', '/health/live'))
  await once(socket, 'data')
  return socket
}))
const withIdle = { ms: await latency(), ...await vitalsOf(url) }
for (const socket of idle) socket.destroy()

const [worker = 0] = await workersOf(service.pid ?? 0)
process.kill(worker, 'SIGSTOP')
const begun = await vitalsOf(url)
const streams = await Promise.all(Array.from({ length: streamCount }, async (_, seed) =>
  await open(requestText('POST', '/v1/generate', { body: JSON.stringify({ max_tokens: 60, steps: 8, seed, stream: true }) }))))
await until(async () => (await vitalsOf(url)).rows === streamCount)
const withStreams = { ms: await latency(), ...await vitalsOf(url) }

for (const socket of streams) socket.destroy()
process.kill(worker, 'SIGCONT')
await until(async () => (await vitalsOf(url)).rows === 0)
const after = await vitalsOf(url)
service.kill('SIGTERM')
await once(service, 'close')

const bytesAnIdleOne = (withIdle.residentBytes - before.residentBytes) / idleCount
const bytesAStream = (withStreams.residentBytes - begun.residentBytes) / streamCount
const [besideIdle, besideStreams] = [withIdle.ms / before.ms, withStreams.ms / before.ms]
await report({
  trial: `${idleCount.toLocaleString('en')} idle connections and ${streamCount} open streams`,
  seen: `${(bytesAnIdleOne / 1000).toFixed(1)} kB an idle connection, ${(bytesAStream / 1000).toFixed(1)} kB a stream; another client waits ` +
    `${besideIdle.toFixed(2)} x and ${besideStreams.toFixed(2)} x of ${before.ms.toFixed(2)} ms; memory ${megabytes(before.residentBytes)} before, ` +
    `${megabytes(after.residentBytes)} when they are gone`,
  kept: bytesAStream <= MOST_BYTES_A_STREAM && besideIdle <= MOST_SLOWER && besideStreams <= MOST_SLOWER
}, { write: values.write })
