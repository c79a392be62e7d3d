/** What a service keeps in memory, without what it has not thrown away yet: V8 lets garbage of more than twice that stand. */
import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../../src/load/statistics.js'
import { startProcess, type ServiceProcess } from '../support/service-process.js'
import { until } from '../support/until.js'
import { vitalsOf } from './vitals.js'

const COLLECTS = new URL('../support/collects.js', import.meta.url).href
const COLLECTIONS = 3
/** Resident memory goes up and down by itself, and is read once a second at most. */
const [READINGS, READING_MS] = [5, 1100]

export function startCollecting (env: Parameters<typeof startProcess>[0] = {}): ServiceProcess {
  return startProcess(env, ([node = '', ...args]) => [node, '--expose-gc', `--import=${COLLECTS}`, ...args])
}

/** Resident memory in bytes, once nothing runs and garbage is collected. */
export async function keptBytes (service: ServiceProcess, url: string): Promise<number> {
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
  return median(readings)
}
