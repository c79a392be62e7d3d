/** Whether memory grows with the number of requests served. */
import { Client } from '../../src/load/client.js'
import { Service } from '../lib/service.js'
import type { Figure, Measurement } from './figure.js'

const FIRST = 500
const LAST = 10_000
const CONCURRENCY = 16
/** Readings once the load has gone, of which the median counts. */
const READINGS = 5

async function measure (): Promise<Measurement> {
  const service = await Service.start()
  const client = new Client(new URL('/v1/generate', service.url), 60_000)
  try {
    let sent = 0
    /** Short requests of every kind that leaves something behind: streams, several outputs, prompts, refusals. */
    const serveUpTo = async (total: number): Promise<void> => {
      await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
        while (sent < total) {
          const i = sent++
          await client.post(JSON.stringify({
            prompt: 'Once upon a time', max_tokens: 1 + i % 24, steps: i % 100 === 99 ? 0 : 1 + i % 2, n: 1 + i % 2, stream: i % 3 === 0, seed: i
          }))
        }
      }))
    }
    await serveUpTo(FIRST)
    const first = await residentMedian(service)
    await serveUpTo(LAST)
    const last = await residentMedian(service)
    const value = last / first
    return {
      value,
      // One long run: there is nothing to repeat it beside.
      spread: { low: value, high: value },
      unit: '×',
      detail: { after: { [FIRST]: first / 2 ** 20, [LAST]: last / 2 ** 20 }, unit: 'MiB, the service and its workers' }
    }
  } finally {
    client.close()
    await service.stop()
  }
}

async function residentMedian (service: Service): Promise<number> {
  const readings: number[] = []
  for (let i = 0; i < READINGS; i++) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    readings.push(service.residentBytes())
  }
  return readings.sort((a, b) => a - b)[Math.floor(READINGS / 2)] ?? NaN
}

export const memory: Figure = {
  name: 'memory',
  about: `resident memory after ${LAST.toLocaleString('en')} requests over that after ${FIRST}`,
  goal: { atMost: 1.05 },
  measure
}
