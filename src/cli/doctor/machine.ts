/** Processor, memory and what a container may use of them. */
import { readFileSync } from 'node:fs'
import { cpus, freemem, totalmem } from 'node:os'
import { cpuQuota, usableCores } from '../../engine/cpu-limits.js'
import type { Cpu, Memory } from './facts.js'

/** What makes products fast, by the flags of /proc/cpuinfo; one of several is enough. */
const FEATURES: Readonly<Record<string, readonly string[]>> = {
  avx2: ['avx2'],
  avx512: ['avx512f'],
  vnni: ['avx512_vnni', 'avx_vnni'],
  bf16: ['avx512_bf16'],
  amx: ['amx_tile']
}

/**
 * @param cpuinfo text of /proc/cpuinfo; undefined: there is none
 * @returns null where it has no flags, as on ARM
 */
export function featuresOf (cpuinfo: string | undefined): Record<string, boolean> | null {
  const line = /^flags\s*:(.*)$/m.exec(cpuinfo ?? '')?.[1]
  if (line === undefined) return null
  const flags = new Set(line.trim().split(/\s+/))
  return Object.fromEntries(Object.entries(FEATURES).map(([name, wanted]) => [name, wanted.some((flag) => flags.has(flag))]))
}

export function cpuFacts (): Cpu {
  const all = cpus()
  const quota = cpuQuota()
  return {
    model: all[0]?.model.trim() ?? 'unknown',
    features: featuresOf(textOf('/proc/cpuinfo')),
    cores: all.length,
    usable_cores: usableCores(),
    cgroup_cores: Number.isFinite(quota) ? quota : null
  }
}

export function memoryFacts (): Memory {
  return { total_bytes: totalmem(), free_bytes: freemem(), cgroup_bytes: cgroupBytes(textOf, totalmem()) }
}

/** A file's text, or undefined where there is none. */
export type Read = (file: string) => string | undefined

/** Version 1 says no limit by a number larger than the memory there is. */
export function cgroupBytes (read: Read, totalBytes: number): number | null {
  const text = read('/sys/fs/cgroup/memory.max') ?? read('/sys/fs/cgroup/memory/memory.limit_in_bytes')
  const bytes = text === undefined ? NaN : Number(text.trim())
  return bytes > 0 && bytes < totalBytes ? bytes : null
}

function textOf (file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
