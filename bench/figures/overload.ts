/** What the service does in time under three times the load that it can bear, over the most that it does in time at all. */
import { crowd, loadOptions, STEPS } from '../lib/crowd.js'
import { Service } from '../lib/service.js'
import { median, spread } from '../../src/load/statistics.js'
import type { LoadSummary } from '../../src/load/summary.js'
import { runLoad } from '../../src/load/run-load.js'
import type { Figure, Measurement } from './figure.js'

/** The bound of the queue, by default, and what counts as in time. */
const LIMIT_MS = 10_000
const ROUNDS = 5
const CLIENTS = 32
const CROWD_S = 6
const SHARES = [0.8, 1]
const OVERLOAD = 3
/** Until the queue is as long as it gets. */
const WARM_UP_S = 12
const DURATION_S = 20

async function measure (): Promise<Measurement> {
  const service = await Service.start()
  try {
    const rounds = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(service, round))
    const ratios = rounds.map(({ overloaded, peak }) => overloaded / peak)
    return { value: median(ratios), spread: spread(ratios), unit: '×', detail: { limitMs: LIMIT_MS, rounds } }
  } finally {
    await service.stop()
  }
}

async function measureRound (service: Service, round: number) {
  const { rows, seconds } = await crowd(service, CLIENTS, CROWD_S, round)
  const saturation = rows / STEPS / seconds
  const goodputs: number[] = []
  for (const share of SHARES) goodputs.push(inTime(await openLoop(service, share * saturation)))
  const overload = await openLoop(service, OVERLOAD * saturation)
  const { latencyMs, statuses } = overload
  return { saturation, peak: Math.max(...goodputs), overloaded: inTime(overload), latencyMs, statuses }
}

/** Requests without deadlines: the service's own bound is at work. */
async function openLoop (service: Service, rate: number): Promise<LoadSummary> {
  return await runLoad(loadOptions(service, {
    loop: { kind: 'open', arrivals: 'poisson', rate }, durationS: DURATION_S, warmupS: WARM_UP_S, goodWithinMs: LIMIT_MS
  }))
}

function inTime ({ goodput }: LoadSummary): number {
  return goodput?.perSecond ?? NaN
}

export const overload: Figure = {
  name: 'overload',
  about: `requests answered within ${LIMIT_MS / 1000} s at ${OVERLOAD} times what saturates the service, over the most at lower loads`,
  goal: { atLeast: 0.9 },
  measure
}
