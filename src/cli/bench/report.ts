/** A load run as text. */
import { digits, formatTable, percent } from './table.js'
import type { Quantiles } from '../../load/statistics.js'
import type { LoadOptions } from '../../load/options.js'
import type { LoadReport } from '../../load/run-load.js'

/** Above these the generator, not the server, is what was measured. */
const LAG_OF_LATENCY = 0.1
const CPU_SHARE = 0.8

export function formatLoad (options: LoadOptions, report: LoadReport): string {
  const { serverShare, goodput } = report
  return [
    `${titleOf(options)}\n\n`,
    formatTable(['', 'per second'], [
      ['requests offered', digits(report.offeredPerSecond)],
      ['requests answered', digits(report.answeredPerSecond)],
      ['tokens', digits(report.tokensPerSecond)],
      ...(goodput === null ? [] : [[`answered within ${goodput.deadlineMs} ms`, digits(goodput.perSecond)]])
    ]),
    '\n',
    formatTable(['ms from when it was due', 'p50', 'p90', 'p95', 'p99', 'max'], [
      quantileRow('answer', report.latencyMs),
      ...(options.stream ? [quantileRow('first refinement', report.firstRefinementMs)] : []),
      quantileRow('sent (generator)', report.lagMs)
    ]),
    '\n',
    ...report.statuses.map(({ status, count, message }) => `${status}: ${count}${message === undefined ? '' : `  (${message})`}\n`),
    ...(goodput === null ? [] : [`goodput: ${percent(goodput.share)} of the requests were answered within ${goodput.deadlineMs} ms\n`]),
    ...(serverShare === null
      ? []
      : [`at the server: ${percent(serverShare.queue)} in the queue, ${percent(serverShare.compute)} in steps, ${percent(serverShare.between)} between steps; ` +
         `${digits(report.meanSteps)} steps on average\n`]),
    `generator: ${percent(report.generatorCpuShare)} of a core\n`,
    ...warnings(report).map((warning) => `warning: ${warning}\n`)
  ].join('')
}

/** Several rates, a line each. */
export function formatSweep (runs: ReadonlyArray<readonly [LoadOptions, LoadReport]>): string {
  const judged = runs.some(([, { goodput }]) => goodput !== null)
  const [first] = runs
  return [
    ...(first === undefined ? [] : [`${first[0].url.href}: ${first[0].durationS} s at each rate, seed ${first[0].seed}\n\n`]),
    formatTable(['rate', 'answered/s', 'tokens/s', 'p50 ms', 'p95 ms', 'p99 ms', ...(judged ? ['in time'] : []), 'refused'],
      runs.map(([{ loop }, report]) => [
        loop.kind === 'open' ? String(loop.rate) : '',
        digits(report.answeredPerSecond),
        digits(report.tokensPerSecond),
        ...(['p50', 'p95', 'p99'] as const).map((key) => digits(report.latencyMs?.[key])),
        ...(judged ? [percent(report.goodput?.share)] : []),
        String(report.statuses.reduce((sum, { status, count }) => status === '200' ? sum : sum + count, 0))
      ])),
    ...new Set(runs.flatMap(([, report]) => warnings(report).map((warning) => `\nwarning: ${warning}\n`)))
  ].join('')
}

function titleOf ({ url, loop, durationS, warmupS, seed }: LoadOptions): string {
  const arrivals = loop.kind === 'open' ? `${loop.arrivals} arrivals, ${loop.rate} per second` : `${loop.concurrency} clients, closed loop`
  return `${url.href}: ${arrivals}, ${durationS} s${warmupS > 0 ? ` after ${warmupS} s` : ''}, seed ${seed}`
}

function quantileRow (name: string, values: Quantiles | null): string[] {
  return [name, ...(['p50', 'p90', 'p95', 'p99', 'max'] as const).map((key) => digits(values?.[key]))]
}

function warnings ({ lagMs, latencyMs, generatorCpuShare, statuses }: LoadReport): string[] {
  const late = lagMs !== null && latencyMs !== null && lagMs.p99 > LAG_OF_LATENCY * latencyMs.p50
  return [
    ...(late ? ['requests were sent late, and their latency includes that: load from another machine, or less'] : []),
    ...(generatorCpuShare > CPU_SHARE ? ['the generator used most of a core: start several, with different seeds'] : []),
    ...(statuses.some(({ status }) => status === 'unsent') ? ['some requests were not sent: --max-in-flight were under way'] : [])
  ]
}
