/** Order statistics of small samples. */

/** From the smallest to the largest value of a sample. */
export interface Spread {
  readonly low: number
  readonly high: number
}

export interface Quantiles {
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export function mean (values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export function median (values: readonly number[]): number {
  return percentile(ascending(values), 50)
}

export function spread (values: readonly number[]): Spread {
  const sorted = ascending(values)
  return { low: sorted[0] ?? NaN, high: sorted.at(-1) ?? NaN }
}

/**
 * Linear between the two nearest values, as in R's type 7 and numpy's default.
 * @param sorted ascending
 * @param p 0 ... 100
 * @returns NaN of nothing
 */
export function percentile (sorted: readonly number[], p: number): number {
  const at = (sorted.length - 1) * p / 100
  const below = sorted[Math.floor(at)] ?? NaN
  const above = sorted[Math.ceil(at)] ?? NaN
  return below + (above - below) * (at - Math.floor(at))
}

/** null of nothing: there is no such thing as the latency of no answer. */
export function quantiles (values: readonly number[]): Quantiles | null {
  if (values.length === 0) return null
  const sorted = ascending(values)
  const at = (p: number): number => percentile(sorted, p)
  return { p50: at(50), p90: at(90), p95: at(95), p99: at(99), max: at(100) }
}

function ascending (values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b)
}
