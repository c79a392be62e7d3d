/** `fewstep bench`: loads a server and says how it bore that. */
import { writeFile } from 'node:fs/promises'
import type { LoadOptions } from '../../load/options.js'
import { runLoad, type LoadReport } from '../../load/run-load.js'
import type { Arguments } from '../arguments.js'
import { print } from '../print.js'
import { printable } from '../printable.js'
import { parseBenchOptions } from './bench-options.js'
import { BenchView } from './bench-view.js'
import { latencyPlot } from './plot.js'
import { formatLoad, formatSweep } from './report.js'
import { snakeCase } from './snake-case.js'

/**
 * @param signal abort: end the run, and tell what was measured until then
 * @returns the exit code: 1 where no request was answered
 * @throws UsageError; Error where the plot cannot be written
 */
export async function runBench (given: Arguments, signal: AbortSignal): Promise<number> {
  const { runs, swept, plot, json } = parseBenchOptions(given)
  const reports: Array<readonly [LoadOptions, LoadReport]> = []
  for (const options of runs) {
    const view = new BenchView(process.stderr.isTTY ? process.stderr : undefined, options)
    try {
      reports.push([options, await runLoad(options, signal, (standing) => { view.show(standing) })])
    } finally {
      view.close()
    }
    if (signal.aborted) break
  }
  if (json) {
    const values = reports.map(([{ loop }, report]) => ({ ...loop, ...report }))
    print(`${JSON.stringify(snakeCase(swept ? values : values[0]), null, 2)}\n`)
  } else {
    print(printable(swept ? formatSweep(reports) : reports.map(([options, report]) => formatLoad(options, report)).join('\n')))
  }
  if (plot !== undefined) await writeFile(plot, latencyPlot(reports.map(([options, report]) => pointOf(options, report))))
  return reports.some(([, { latencyMs }]) => latencyMs !== null) ? 0 : 1
}

function pointOf ({ loop }: LoadOptions, { latencyMs, offeredPerSecond }: LoadReport): Parameters<typeof latencyPlot>[0][number] {
  return { rate: loop.kind === 'open' ? loop.rate : offeredPerSecond, latencyMs }
}
