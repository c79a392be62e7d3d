/** When requests arrive, whether or not those before them were answered. */
import { exponential, uniforms } from './random.js'

export const ARRIVAL_PROCESSES = ['poisson', 'uniform', 'bursty'] as const
export type ArrivalProcess = (typeof ARRIVAL_PROCESSES)[number]

export interface ArrivalOptions {
  readonly process: ArrivalProcess
  /** Mean rate. */
  readonly perSecond: number
  readonly seed: number
}

/** Bursts have this multiple of the mean rate and this share of the time; the quiet between them has the rest. */
const BURST_RATE = 3
const BURST_SHARE = 0.2
const QUIET_RATE = (1 - BURST_RATE * BURST_SHARE) / (1 - BURST_SHARE)
/** Requests in a burst, on average: counted in requests, so that a burst means as much at any rate. */
const BURST_REQUESTS = 100

/**
 * Endless, ascending, in ms from 0.
 *
 * uniform: evenly spaced. poisson: exponential gaps. bursty: a Poisson process whose rate switches between two values
 * after exponential times (a Markov-modulated Poisson process), with the same mean.
 */
export function * arrivalTimes ({ process, perSecond, seed }: ArrivalOptions): Generator<number, never, undefined> {
  const gapMs = 1000 / perSecond
  switch (process) {
    case 'uniform':
      for (let i = 0; ; i++) yield i * gapMs
    case 'poisson': {
      const uniform = uniforms(seed)
      for (let at = 0; ;) yield at += gapMs * exponential(uniform)
    }
    case 'bursty':
      return yield * burstyTimes(gapMs, seed)
  }
}

function * burstyTimes (gapMs: number, seed: number): Generator<number, never, undefined> {
  const uniform = uniforms(seed)
  const meanBurstMs = BURST_REQUESTS * gapMs / BURST_RATE
  const meanQuietMs = meanBurstMs * (1 - BURST_SHARE) / BURST_SHARE
  let at = 0
  let burst = false
  let switchAt = meanQuietMs * exponential(uniform)
  for (;;) {
    const next = at + gapMs / (burst ? BURST_RATE : QUIET_RATE) * exponential(uniform)
    if (next <= switchAt) {
      yield at = next
    } else {
      // Memoryless: the gap that was cut short is drawn anew at the other rate.
      at = switchAt
      burst = !burst
      switchAt += (burst ? meanBurstMs : meanQuietMs) * exponential(uniform)
    }
  }
}
