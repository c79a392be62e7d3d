/** What this browser remembers: settings, and the last runs. A browser that keeps nothing does no harm. */
import type { Recording } from '../src/client/index.js'
import { prefersStill } from './dom.js'

const RUNS = 'fewstep.runs'
const SETTINGS = 'fewstep.settings'
const MOST_RUNS = 20

export interface Run {
  /** ISO 8601. */
  readonly created: string
  readonly recordings: readonly Recording[]
}

export interface Settings {
  readonly theme: 'system' | 'light' | 'dark'
  readonly shortcuts: boolean
  readonly replayAfter: boolean
}

/** The newest first. */
export function readRuns (): Run[] {
  const runs = read(RUNS)
  return Array.isArray(runs) ? runs as Run[] : []
}

/** The oldest are forgotten where there are too many, or no room. */
export function keepRun (run: Run): Run[] {
  const runs = [run, ...readRuns()].slice(0, MOST_RUNS)
  while (runs.length > 0 && !write(RUNS, runs)) runs.pop()
  return runs
}

export function forgetRuns (): void {
  write(RUNS, [])
}

export function readSettings (): Settings {
  return { theme: 'system', shortcuts: true, replayAfter: !prefersStill(), ...read(SETTINGS) as Partial<Settings> | undefined }
}

export function keepSettings (settings: Settings): void {
  write(SETTINGS, settings)
}

function read (key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

/** @returns whether there was room */
function write (key: string, value: unknown): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}
