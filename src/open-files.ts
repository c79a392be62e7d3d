/** How many files this process may open, connections among them. */
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'

/** For what else is opened while it serves: workers that are started, models that are loaded, keys, spans that are sent. */
const KEPT_BACK = 32

/** @returns undefined where nobody knows, or there is no limit */
export function mostOpenFiles (): number | undefined {
  try {
    // Only Linux has them.
    const most = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return most === undefined ? undefined : Number(most)
  } catch {
    return undefined
  }
}

/** @returns connections for which there is room; undefined where nobody knows, or there is no limit */
export async function roomForConnections (): Promise<number | undefined> {
  const most = mostOpenFiles()
  const open = await readdir('/proc/self/fd').then(({ length }) => length, () => 0)
  return most === undefined ? undefined : Math.max(1, most - open - KEPT_BACK)
}
