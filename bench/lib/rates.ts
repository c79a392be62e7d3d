/** Throughput in two ways, beside each other, window by window. */
import { median, spread, type Spread } from '../../src/load/statistics.js'
import { crowd } from './crowd.js'
import type { Service } from './service.js'

export const CLIENTS = 32
const PAIRS = 20
export const WINDOW_S = 2

/** Rows a second of a window, by its number: the same requests whenever it is the same. */
export type Rate = (window: number) => Promise<number>

/** What a crowd of `CLIENTS` gets of the service, once it has been busy for a window. */
export async function rateOf (service: Service): Promise<Rate> {
  const rate: Rate = async (window) => {
    const seen = await crowd(service, CLIENTS, WINDOW_S, window)
    return seen.rows / seen.seconds
  }
  await rate(0)
  return rate
}

/** Rate of `changed` over that of `plain`: the median of pairs of windows. */
export async function rateRatio (changed: Rate, plain: Rate): Promise<{ readonly value: number, readonly spread: Spread }> {
  const ratios = (await inPairs(changed, plain)).map(([rate, plainRate]) => rate / plainRate)
  return { value: median(ratios), spread: spread(ratios) }
}

/** What two measurements say of the same windows. Who begins changes from pair to pair, as the machine may slow down. */
export async function inPairs<T> (
  changed: (window: number) => Promise<T>, plain: (window: number) => Promise<T>
): Promise<Array<[changed: T, plain: T]>> {
  const pairs: Array<[T, T]> = []
  for (let window = 1; window <= PAIRS; window++) {
    if (window % 2 === 0) {
      const first = await changed(window)
      pairs.push([first, await plain(window)])
    } else {
      const first = await plain(window)
      pairs.push([await changed(window), first])
    }
  }
  return pairs
}
