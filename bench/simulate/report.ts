/** A sweep as text. */
import { digits, formatTable, percent } from '../../src/cli/bench/table.js'
import type { Sweep, SweepPoint } from './sweep.js'

const HEADER = ['', 'goodput', 'per s', 'refused', 'expired', 'p50 ms', 'p95 ms', 'p99 ms', 'steps', 'rows', 'wasted', 'busy']

export function formatSweep ({ points, ...facts }: Sweep): string {
  const loads = [...new Set(points.map(({ load }) => load))]
  return [
    `${facts.requests} requests, ${facts.workers} workers, up to ${facts.maxBatch} rows in a batch and ${facts.maxQueue} admitted, seed ${facts.seed}; ` +
    `load 1 is ${digits(facts.capacity)} requests per second\n`,
    ...loads.map((load) => formatLoad(load, points.filter((point) => point.load === load))),
    '\ngoodput: requests done in time. steps: of those. rows: in a batch. wasted: steps of requests that expired. busy: workers in steps.\n'
  ].join('')
}

function formatLoad (load: number, points: readonly SweepPoint[]): string {
  return `\nload ${load}: ${digits(points[0]?.requestsPerSecond)} requests per second\n` + formatTable(HEADER, points.map((point) => [
    point.policy,
    percent(point.goodputShare),
    digits(point.goodputPerSecond),
    percent(point.refusedShare),
    percent(point.expiredShare),
    digits(point.latencyMs?.p50),
    digits(point.latencyMs?.p95),
    digits(point.latencyMs?.p99),
    digits(point.meanSteps),
    digits(point.rowsPerBatch),
    percent(point.wastedShare),
    percent(point.utilisation)
  ]))
}
