/** What a service keeps in memory, without what it has not thrown away yet: V8 lets garbage of more than twice that stand. */
import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../../src/load/statistics.js'
import { startProcess, type ServiceProcess } from '../support/service-process.js'
import { until } from '../support/until.js'
import { megabytes, vitalsOf, type Vitals } from './vitals.js'

const COLLECTS = new URL('../support/collects.js', import.meta.url).href
const COLLECTIONS = 3
/** Resident memory goes up and down by itself, and is read once a second at most. */
const [READINGS, READING_MS] = [5, 1100]
const MOST_GROWTH = 1.05
/** Those that a service opens now and then; connections of a trial itself are open before and after. */
const FEW_FILES = 5

export function startCollecting (env: Parameters<typeof startProcess>[0] = {}): ServiceProcess {
  return startProcess(env, ([node = '', ...args]) => [node, '--expose-gc', `--import=${COLLECTS}`, ...args])
}

/** Once nothing runs and garbage is collected. */
export async function keptVitals (service: ServiceProcess, url: string): Promise<Vitals> {
  await until(async () => (await vitalsOf(url)).rows === 0)
  for (let i = 0; i < COLLECTIONS; i++) {
    service.kill('SIGWINCH')
    await delay(READING_MS)
  }
  const readings = []
  for (let i = 0; i < READINGS; i++) {
    readings.push((await vitalsOf(url)).residentBytes)
    await delay(READING_MS)
  }
  return { ...await vitalsOf(url), residentBytes: median(readings) }
}

/** What became of a service between two looks at it, and whether it is as it was. */
export function compared (before: Vitals, after: Vitals): { readonly seen: string, readonly asBefore: boolean } {
  const growth = after.residentBytes / before.residentBytes
  return {
    seen: `memory ${megabytes(before.residentBytes)}, then ${megabytes(after.residentBytes)}: ${growth.toFixed(3)} x; ` +
      `open files ${before.openFiles}, then ${after.openFiles}; rows ${after.rows}`,
    asBefore: growth <= MOST_GROWTH && after.openFiles <= before.openFiles + FEW_FILES && after.rows === 0
  }
}
