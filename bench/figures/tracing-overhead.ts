/** What spans of every generation, made and sent, take from the service. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CLIENTS, rateOf, rateRatio } from '../lib/rates.js'
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
    const [plain, traced] = await Promise.all(services.map(async (service) => await rateOf(service, 'processorSeconds')))
    if (plain === undefined || traced === undefined) throw new Error('there are two services')
    return { ...await rateRatio(traced, plain), unit: '×', detail: { clients: CLIENTS, sentBytes: bytes } }
  } finally {
    await Promise.all(services.map(async (service) => { await service.stop() }))
    collector.close()
    collector.closeAllConnections()
  }
}

export const tracingOverhead: Figure = {
  name: 'tracing_overhead',
  about: `rows a processor second with spans sent to a collector over those without, ${CLIENTS} clients`,
  goal: { atLeast: 0.99 },
  measure
}
