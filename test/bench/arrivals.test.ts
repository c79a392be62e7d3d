import t from 'tap'
import { arrivalTimes, type ArrivalProcess } from '../../src/load/arrivals.js'
import { mean } from '../../src/load/statistics.js'

function take (process: ArrivalProcess, count: number, perSecond = 50, seed = 1): number[] {
  const times = arrivalTimes({ process, perSecond, seed })
  return Array.from({ length: count }, () => times.next().value)
}

function gapsOf (times: readonly number[]): number[] {
  return times.slice(1).map((at, i) => at - (times[i] ?? 0))
}

/** Standard deviation over mean: 0 of even gaps, 1 of exponential ones. */
function variation (values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2))) / middle
}

t.test('uniform arrivals are evenly spaced', async (t) => {
  t.same(take('uniform', 4, 100), [0, 10, 20, 30])
})

t.test('Poisson arrivals have the rate that was asked for and exponential gaps', async (t) => {
  const gaps = gapsOf(take('poisson', 20_000))
  t.ok(Math.abs(mean(gaps) - 20) < 0.5, `mean gap ${mean(gaps)} ms`)
  t.ok(Math.abs(variation(gaps) - 1) < 0.03, `variation ${variation(gaps)}`)
  const longerThanMean = gaps.filter((gap) => gap > 20).length / gaps.length
  t.ok(Math.abs(longerThanMean - Math.exp(-1)) < 0.02, `${longerThanMean} of the gaps are longer than the mean`)
})

t.test('bursty arrivals have the same rate and more varied gaps', async (t) => {
  const gaps = gapsOf(take('bursty', 100_000))
  t.ok(Math.abs(mean(gaps) - 20) < 1.5, `mean gap ${mean(gaps)} ms`)
  t.ok(variation(gaps) > 1.2, `variation ${variation(gaps)}`)
})

t.test('a seed decides the times', async (t) => {
  for (const process of ['poisson', 'bursty'] as const) {
    t.same(take(process, 100, 50, 7), take(process, 100, 50, 7))
    t.not(take(process, 1, 50, 7)[0], take(process, 1, 50, 8)[0])
  }
})
