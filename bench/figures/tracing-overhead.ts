/** What spans of every generation, made and sent, take from the service. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { median, spread } from '../../src/load/statistics.js'
import { crowd } from '../lib/crowd.js'
import { CLIENTS, inPairs, WINDOW_S } from '../lib/rates.js'
import { Service } from '../lib/service.js'
import type { Figure, Measurement } from './figure.js'

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
    const [plain, traced] = services.map((service) => async (window: number) => await processorTimeOf(service, window))
    if (plain === undefined || traced === undefined) throw new Error('there are two services')
    await Promise.all([plain(0), traced(0)])
    // Workers know of no spans: what the two differ in there is what their batches happened to be.
    const ratios = (await inPairs(traced, plain)).map(([on, off]) => off.all / (off.all + on.own - off.own))
    return { value: median(ratios), spread: spread(ratios), unit: '×', detail: { clients: CLIENTS, sentBytes: bytes } }
  } finally {
    await Promise.all(services.map(async (service) => { await service.stop() }))
    collector.close()
    collector.closeAllConnections()
  }
}

/** Processor seconds a row: of the service alone, and of its workers with it. */
async function processorTimeOf (service: Service, window: number): Promise<{ readonly own: number, readonly all: number }> {
  const { rows, ownProcessorSeconds, processorSeconds } = await crowd(service, CLIENTS, WINDOW_S, window)
  return { own: ownProcessorSeconds / rows, all: processorSeconds / rows }
}

export const tracingOverhead: Figure = {
  name: 'tracing_overhead',
  about: `rows a processor second with spans sent to a collector over those without, ${CLIENTS} clients`,
  goal: { atLeast: 0.99 },
  measure
}
