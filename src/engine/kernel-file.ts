/** Small files in which the kernel says something: of /proc and /sys. */
import { readFileSync } from 'node:fs'

/** Its text, without what surrounds it; undefined where there is none to read. */
export function kernelFile (file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
