/** How many files this process may open, connections among them. */
import { readdir, readFile } from 'node:fs/promises'

/** For what else is opened while it serves: workers that are started, models that are loaded, keys, spans that are sent. */
const KEPT_BACK = 32

/** @returns connections for which there is room; undefined where nobody knows, or there is no limit */
export async function roomForConnections (): Promise<number | undefined> {
  // Only Linux has them.
  const [limits, open] = await Promise.all([
    readFile('/proc/self/limits', 'utf8').catch(() => ''),
    readdir('/proc/self/fd').then(({ length }) => length, () => 0)
  ])
  const most = /^Max open files +(\d+)/m.exec(limits)?.[1]
  return most === undefined ? undefined : Math.max(1, Number(most) - open - KEPT_BACK)
}
