/** How many cores the process may keep busy: those it may run on, and no more than the quotas of its cgroups pay for. */
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { kernelFile } from './kernel-file.js'

/** Where Linux mounts its cgroups. */
const CGROUPS = '/sys/fs/cgroup'

/**
 * Whole cores, at least one. A quota of 1.5 cores counts as one: a second thread would be stopped in the middle of most steps.
 * @param root of the file system with /proc and /sys; for tests
 */
export function usableCores (root: string = '/', parallelism: number = availableParallelism()): number {
  return Math.max(1, Math.min(parallelism, Math.floor(cpuQuota(root))))
}

/**
 * The smallest quota of the process's cgroup and of those that it is in, in cores; Infinity where there is none.
 *
 * Version 2 writes quota and period in µs into `cpu.max`, version 1 into two files. A container sees its own cgroup as the root.
 */
export function cpuQuota (root: string = '/'): number {
  const quotas = groupsOf(root).map((folder) => quotaOfVersion2(folder) ?? quotaOfVersion1(folder) ?? Infinity)
  return Math.min(Infinity, ...quotas)
}

/** Folders of the process's cgroups and of all above them. */
function groupsOf (root: string): string[] {
  const lines = kernelFile(join(root, 'proc/self/cgroup'))?.split('\n') ?? []
  const paths = lines.flatMap((line) => {
    const [, hierarchy, controllers, path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? []
    if (path === undefined) return []
    if (hierarchy === '0') return ancestors(path).map((each) => join(CGROUPS, each))
    if (controllers?.split(',').includes('cpu') !== true) return []
    return ancestors(path).flatMap((each) => [join(CGROUPS, 'cpu', each), join(CGROUPS, controllers, each)])
  })
  return [...new Set([CGROUPS, join(CGROUPS, 'cpu'), ...paths])].map((folder) => join(root, folder))
}

/** `/a/b` and `/a` and `/`. */
function ancestors (path: string): string[] {
  const found = [path]
  for (let each = path; dirname(each) !== each; each = dirname(each)) found.push(dirname(each))
  return found
}

function quotaOfVersion2 (folder: string): number | undefined {
  const [quota, period] = kernelFile(join(folder, 'cpu.max'))?.split(' ') ?? []
  return cores(quota, period)
}

function quotaOfVersion1 (folder: string): number | undefined {
  return cores(kernelFile(join(folder, 'cpu.cfs_quota_us')), kernelFile(join(folder, 'cpu.cfs_period_us')))
}

/** undefined for `max`, -1, or what is no quota at all */
function cores (quota: string | undefined, period: string | undefined): number | undefined {
  const found = Number(quota) / Number(period)
  return found > 0 && Number.isFinite(found) ? found : undefined
}
