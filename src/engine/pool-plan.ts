/** How many workers with how many threads each, and in which precision. */
import type { CpuPrecision } from './worker-protocol.js'

export interface PoolPlan {
  readonly workers: number
  /** Intra-op threads of each worker. */
  readonly threads: number
}

export interface MeasuredPlan {
  readonly plan: PoolPlan
  /** All workers busy with full batches. */
  readonly rowsPerSecond: number
  /** One worker with one row, the others idle. */
  readonly loneMs: number
}

/** More throughput than this is worth a slower lone request. */
const WORTHWHILE = 1.1

/** So much faster must products in 8 bits be to be worth their rounding. */
const WORTH_ROUNDING = 1.05

/**
 * The plans worth measuring, the one with the most threads a worker first: all cores for one worker, half of them for
 * each of two, and so on; never more threads than cores. 0 leaves workers or threads open; what is given is kept, as it is.
 */
export function candidatePlans (cores: number, { workers, threads }: PoolPlan): PoolPlan[] {
  if (workers > 0 && threads > 0) return [{ workers, threads }]
  if (workers > 0) return [{ workers, threads: Math.max(1, Math.floor(cores / workers)) }]
  if (threads > 0) return [{ workers: Math.max(1, Math.floor(cores / threads)), threads }]
  const plans: PoolPlan[] = []
  for (let each = cores; each >= 1; each = Math.floor(each / 2)) plans.push({ workers: Math.floor(cores / each), threads: each })
  return plans
}

/** Of the plans whose throughput is close to the best, the one that serves a lone request soonest. */
export function choosePlan (measured: readonly MeasuredPlan[]): PoolPlan | undefined {
  const best = Math.max(...measured.map(({ rowsPerSecond }) => rowsPerSecond))
  return measured
    .filter(({ rowsPerSecond }) => rowsPerSecond * WORTHWHILE >= best)
    .reduce<MeasuredPlan | undefined>((a, b) => a === undefined || b.loneMs < a.loneMs ? b : a, undefined)?.plan
}

/** Of the same plan in two precisions: 8 bits where they are clearly faster, taking a crowd's time and a lone request's as one. */
export function choosePrecision ({ int8, float32 }: Readonly<Record<CpuPrecision, MeasuredPlan>>): CpuPrecision {
  const gain = Math.sqrt((int8.rowsPerSecond / float32.rowsPerSecond) * (float32.loneMs / int8.loneMs))
  return gain >= WORTH_ROUNDING ? 'int8' : 'float32'
}
