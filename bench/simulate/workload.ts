/** Requests that arrive at a simulated service: generated or recorded, at any load. */
import { lengthBucket } from '../../src/diffusion/canvas.js'
import type { CostCurve } from '../../src/engine/cost-curve.js'
import type { Lane } from '../../src/engine/lane.js'
import { arrivalTimes, type ArrivalProcess } from '../../src/load/arrivals.js'
import type { StepRange } from '../lib/options.js'
import { pick, uniforms } from '../../src/load/random.js'
import { mean } from '../../src/load/statistics.js'

export interface Arrival {
  /** From the start. */
  readonly atMs: number
  /** Of the canvas, as it runs. */
  readonly paddedLength: number
  /** Absent: step. */
  readonly lane?: Lane
  readonly steps: StepRange
  /** Canvases of its text, one after another, each with all steps; absent: one. */
  readonly blocks?: number
  /** From the arrival; Infinity without one. */
  readonly deadlineMs: number
}

export interface MixOptions {
  readonly process: ArrivalProcess
  readonly count: number
  readonly seed: number
  /** An arrival takes one of each list at random. */
  readonly lengths: readonly number[]
  readonly steps: readonly StepRange[]
  readonly deadlinesMs: readonly number[]
}

/** A stream of random numbers of its own, so that another mix arrives at the same times. */
const MIX_STREAM = 1

/** At one per second on average; `atRate` makes it another. */
export function generateArrivals ({ process, count, seed, lengths, steps, deadlinesMs }: MixOptions): Arrival[] {
  const uniform = uniforms(seed, MIX_STREAM)
  const times = arrivalTimes({ process, perSecond: 1, seed })
  return Array.from({ length: count }, () => ({
    atMs: times.next().value,
    paddedLength: paddedLengthOf(pick(lengths, uniform)),
    steps: pick(steps, uniform),
    deadlineMs: pick(deadlinesMs, uniform)
  }))
}

interface RecordedArrival {
  readonly at_ms?: unknown
  readonly length?: unknown
  readonly steps?: unknown
  readonly blocks?: unknown
  readonly deadline_ms?: unknown
}

/**
 * A recording: JSON lines of {"at_ms": 12.5, "length": 128, "steps": 8 or {"min": 4, "max": 32}, "blocks": 1, "deadline_ms": 2000};
 * the last two may be left out. In any order.
 * @throws Error naming the line
 */
export function parseRecording (text: string): Arrival[] {
  const lines = text.split('\n').map((line, i) => [line.trim(), i + 1] as const).filter(([line]) => line !== '')
  return lines.map(([line, number]) => parseArrival(line, number)).sort((a, b) => a.atMs - b.atMs)
}

function parseArrival (line: string, number: number): Arrival {
  try {
    const { at_ms: at, length, steps, blocks = 1, deadline_ms: deadline } = JSON.parse(line) as RecordedArrival
    const { min, max } = typeof steps === 'object' && steps !== null
      ? steps as { min?: unknown, max?: unknown }
      : { min: steps, max: steps }
    const range = { min: positive('steps', min), max: positive('steps', max) }
    if (range.min > range.max) throw new Error('steps must have min <= max')
    return {
      atMs: at === 0 ? 0 : positive('at_ms', at),
      paddedLength: paddedLengthOf(positive('length', length)),
      steps: range,
      ...(blocks === 1 ? {} : { blocks: positive('blocks', blocks) }),
      deadlineMs: deadline === undefined || deadline === null ? Infinity : positive('deadline_ms', deadline)
    }
  } catch (error) {
    throw new Error(`line ${number} of the recording: ${(error as Error).message}`)
  }
}

function positive (name: string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return value
  throw new Error(`${name} must be a number above 0, not ${JSON.stringify(value)}`)
}

function paddedLengthOf (length: number): number {
  return lengthBucket(length, Infinity)
}

/** Arrivals per second, from the first to the last. */
export function rateOf (arrivals: readonly Arrival[]): number {
  const spanMs = (arrivals.at(-1)?.atMs ?? 0) - (arrivals[0]?.atMs ?? 0)
  return (arrivals.length - 1) / spanMs * 1000
}

/** The same arrivals, closer together or further apart. */
export function atRate (arrivals: readonly Arrival[], perSecond: number): Arrival[] {
  const factor = rateOf(arrivals) / perSecond
  const first = arrivals[0]?.atMs ?? 0
  return arrivals.map((arrival) => ({ ...arrival, atMs: (arrival.atMs - first) * factor }))
}

/** The same arrivals, each with its most steps and no fewer. */
export function withFullBudgets (arrivals: readonly Arrival[]): Arrival[] {
  return arrivals.map((arrival) => ({ ...arrival, steps: { min: arrival.steps.max, max: arrival.steps.max } }))
}

/** Requests per second that the workers can serve with full budgets: always in batches of the best throughput. */
export function capacity (
  arrivals: readonly Arrival[], { costs, workers, maxBatch }: { costs: CostCurve, workers: number, maxBatch: number }
): number {
  const rowMs = new Map<number, number>()
  for (const { paddedLength } of arrivals) {
    if (rowMs.has(paddedLength)) continue
    rowMs.set(paddedLength, Math.min(...Array.from({ length: maxBatch }, (_, i) => costs.estimate(i + 1, paddedLength) / (i + 1))))
  }
  return workers * 1000 / mean(arrivals.map(({ paddedLength, steps, blocks = 1 }) => blocks * steps.max * (rowMs.get(paddedLength) ?? 0)))
}
