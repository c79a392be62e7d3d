/** How much of the machine's arithmetic a saturated service turns into text, what batching gains, and latency under load. */
import { availableParallelism } from 'node:os'
import { crowd, LENGTH, loadOptions, STEPS } from '../lib/crowd.js'
import { graphFacts, type CanvasFacts } from '../lib/bench-graphs.js'
import { matrixRate } from '../lib/machine-rates.js'
import { canvasStep } from '../lib/roofline.js'
import { Service } from '../lib/service.js'
import { median, spread } from '../../src/load/statistics.js'
import { runLoad } from '../../src/load/run-load.js'
import type { Figure, Measurement } from './figure.js'

const CLIENTS = 32
const WINDOWS = 5
const WINDOW_S = 6
const SHARES = [0.5, 0.8, 0.95]
const OPEN_LOOP_S = 40
const GAIN_GOAL = 2
const TAIL_GOAL = 3

async function measure (): Promise<Measurement> {
  const { flops } = canvasStep(graphFacts<CanvasFacts>('embedded/bare'), 1, LENGTH)
  const threads = availableParallelism()
  const service = await Service.start()
  try {
    await crowd(service, CLIENTS, 2, 0)
    const rates: number[] = []
    const shares: number[] = []
    const crowds: number[] = []
    const gains: number[] = []
    for (let window = 1; window <= WINDOWS; window++) {
      const rate = await matrixRate(threads)
      const many = await crowd(service, CLIENTS, WINDOW_S, window)
      const one = await crowd(service, 1, WINDOW_S, window)
      rates.push((rate + await matrixRate(threads)) / 2)
      shares.push(many.rows * flops / many.seconds / (rates.at(-1) ?? NaN))
      crowds.push(many.rows / STEPS / many.seconds)
      gains.push(many.rows / many.seconds / (one.rows / one.seconds))
    }
    const saturation = median(crowds)
    const latencies = []
    for (const share of SHARES) latencies.push(await openLoop(service, share, saturation))
    const tail = latencies.find(({ load }) => load === 0.8)?.p99OverP50 ?? NaN
    return {
      value: median(shares),
      spread: spread(shares),
      unit: '×',
      detail: {
        clients: CLIENTS,
        matrixGflops: median(rates) / 1e9,
        requestsPerSecond: saturation,
        gainOverOneClient: { value: median(gains), spread: spread(gains), goal: GAIN_GOAL, met: median(gains) >= GAIN_GOAL },
        latency: latencies,
        tailAt80Percent: { value: tail, goal: TAIL_GOAL, met: tail <= TAIL_GOAL }
      }
    }
  } finally {
    await service.stop()
  }
}

/** Poisson arrivals that do not wait for answers; latency from the moment a request should have been sent. */
async function openLoop (service: Service, share: number, saturation: number) {
  const rate = share * saturation
  const { latencyMs, requests, lagMs } = await runLoad(loadOptions(service, {
    loop: { kind: 'open', arrivals: 'poisson', rate }, durationS: OPEN_LOOP_S, warmupS: 3
  }))
  const { p50 = NaN, p95 = NaN, p99 = NaN } = latencyMs ?? {}
  return { load: share, rate, requests, p50, p95, p99, p99OverP50: p99 / p50, generatorLagP99: lagMs?.p99 ?? NaN }
}

export const saturatedShare: Figure = {
  name: 'saturated_share',
  about: `arithmetic of the service, saturated by ${CLIENTS} clients over HTTP, over the machine's matrix products in ONNX Runtime`,
  goal: { atLeast: 0.6 },
  measure
}
