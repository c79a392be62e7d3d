/** What a saturated service does besides computing. */
import { crowd } from '../lib/crowd.js'
import { Service } from '../lib/service.js'
import { median, spread } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const CLIENTS = 32
const WINDOWS = 5
const WINDOW_S = 6

async function measure (): Promise<Measurement> {
  const service = await Service.start()
  try {
    const { workers } = await service.counters()
    await crowd(service, CLIENTS, 2, 0)
    const overheads: number[] = []
    const outsideMs: number[] = []
    const meanBatches: number[] = []
    for (let window = 1; window <= WINDOWS; window++) {
      const { seconds, runSeconds, batches, rows } = await crowd(service, CLIENTS, WINDOW_S, window)
      overheads.push(seconds * workers / runSeconds)
      outsideMs.push(1000 * (seconds * workers - runSeconds) / batches)
      meanBatches.push(rows / batches)
    }
    return {
      value: median(overheads),
      spread: spread(overheads),
      unit: '×',
      detail: { clients: CLIENTS, workers, meanBatch: median(meanBatches), msOutsideSessionRunPerStep: median(outsideMs) }
    }
  } finally {
    await service.stop()
  }
}

export const engineOverhead: Figure = {
  name: 'engine_overhead',
  about: 'wall time of the service, saturated by 32 clients, over its time in session.run',
  goal: { atMost: 1.05 },
  measure
}
