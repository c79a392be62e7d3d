/** How much memory more this process and its workers may take, by the kernel's and the container's books. */
import { kernelFile } from './kernel-file.js'

/** A file's text, or undefined where there is none. */
export type Read = (file: string) => string | undefined

const KIB = 1024
const CGROUPS = [
  { folder: '/sys/fs/cgroup', limit: 'memory.max', used: 'memory.current', reclaimable: 'inactive_file' },
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', reclaimable: 'total_inactive_file' }
] as const

/** In bytes; Infinity where nobody keeps such books. */
export function freeMemory (read: Read = kernelFile): number {
  const available = /^MemAvailable: +(\d+) kB$/m.exec(read('/proc/meminfo') ?? '')?.[1]
  return Math.min(available === undefined ? Infinity : Number(available) * KIB, ...CGROUPS.map((cgroup) => freeIn(cgroup, read)))
}

/** Files that were read stay in memory while nobody else wants it: they count as free. */
function freeIn ({ folder, limit, used, reclaimable }: typeof CGROUPS[number], read: Read): number {
  const [most, taken] = [limit, used].map((name) => Number.parseInt(read(`${folder}/${name}`) ?? '', 10)) as [number, number]
  if (Number.isNaN(most) || Number.isNaN(taken)) return Infinity
  const files = new RegExp(`^${reclaimable} (\\d+)$`, 'm').exec(read(`${folder}/memory.stat`) ?? '')?.[1]
  return Math.max(0, most - taken + Number(files ?? 0))
}
