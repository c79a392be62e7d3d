/** What is left of the throughput while spans of every generation are made and sent. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crowd } from '../lib/crowd.js'
import { Service } from '../lib/service.js'
import { median, spread } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const CLIENTS = 32
const PAIRS = 20
const WINDOW_S = 2

async function measure (): Promise<Measurement> {
  let bytes = 0
  const collector = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => { bytes += chunk.length }).on('end', () => { response.end('{}') })
  })
  await once(collector.listen(0, '127.0.0.1'), 'listening')
  const { port } = collector.address() as AddressInfo
  const services: Service[] = []
  try {
    services.push(await Service.start(), await Service.start({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }))
    const rowsASecond = await Promise.all(services.map(async (service) => {
      await crowd(service, CLIENTS, WINDOW_S, 0)
      return async (seed: number): Promise<number> => {
        const { rows, seconds } = await crowd(service, CLIENTS, WINDOW_S, seed)
        return rows / seconds
      }
    }))
    const ratios: number[] = []
    for (let pair = 1; pair <= PAIRS; pair++) {
      const order = pair % 2 === 0 ? [0, 1] : [1, 0] // as the machine may slow down
      const rates = [0, 0]
      for (const each of order) rates[each] = await rowsASecond[each]?.(pair) ?? NaN
      ratios.push((rates[1] ?? NaN) / (rates[0] ?? NaN))
    }
    return { value: median(ratios), spread: spread(ratios), unit: '×', detail: { clients: CLIENTS, pairs: PAIRS, sentBytes: bytes } }
  } finally {
    await Promise.all(services.map(async (service) => { await service.stop() }))
    collector.close()
    collector.closeAllConnections()
  }
}

export const tracingOverhead: Figure = {
  name: 'tracing_overhead',
  about: `rows a second with spans sent to a collector over those without, ${CLIENTS} clients`,
  goal: { atLeast: 0.99 },
  measure
}
