/** Throughput in two ways, beside each other, window by window. */
import { median, spread, type Spread } from '../../src/load/statistics.js'
import { crowd } from './crowd.js'
import type { Service } from './service.js'

export const CLIENTS = 32
const PAIRS = 20
const WINDOW_S = 2

/** Rows a second of a window, by its number: the same requests whenever it is the same. */
export type Rate = (window: number) => Promise<number>

/**
 * What a crowd of `CLIENTS` gets of the service, once it has been busy for a window.
 * @param per a second by the clock, or one that processors spent on the service and its workers, which no neighbour takes from it
 */
export async function rateOf (service: Service, per: 'seconds' | 'processorSeconds' = 'seconds'): Promise<Rate> {
  const rate: Rate = async (window) => {
    const seen = await crowd(service, CLIENTS, WINDOW_S, window)
    return seen.rows / seen[per]
  }
  await rate(0)
  return rate
}

/** Rate of `changed` over that of `plain`: the median of pairs of windows, in which who begins changes, as the machine may slow down. */
export async function rateRatio (changed: Rate, plain: Rate): Promise<{ readonly value: number, readonly spread: Spread }> {
  const ratios: number[] = []
  for (let pair = 1; pair <= PAIRS; pair++) {
    const swapped = pair % 2 === 0
    const before = await (swapped ? changed : plain)(pair)
    const after = await (swapped ? plain : changed)(pair)
    ratios.push(swapped ? before / after : after / before)
  }
  return { value: median(ratios), spread: spread(ratios) }
}
