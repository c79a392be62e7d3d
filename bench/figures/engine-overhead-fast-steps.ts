/** What the engine does besides computing where a step takes as little time as on a large GPU. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { namedSchedule } from '../../src/diffusion/schedule.js'
import { Engine } from '../../src/engine/engine.js'
import { readManifest } from '../../src/model/manifest.js'
import { median, spread } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const MODEL = fileURLToPath(new URL('../../test/fixtures/models/tiny-text', import.meta.url))
/** So many rows of so many tokens take the model about 2 ms on one thread. */
const ROWS = 8
const LENGTH = 64
const STEPS = 8
const CALLERS = 32
const WINDOWS = 7
const WINDOW_MS = 1500

const SAMPLING = { solver: 'cumulative', jumps: 'independent', temperature: 1, topK: 0, topP: 1 } as const

async function measure (): Promise<Measurement> {
  const engine = await Engine.start({
    model: { directory: MODEL, manifest: await readManifest(MODEL) },
    workers: 1,
    threads: 1,
    executionProvider: 'cpu',
    precision: 'float32',
    devices: undefined,
    warmUpMs: 0,
    cacheDirectory: undefined,
    maxQueue: CALLERS,
    maxWaitMs: Infinity,
    maxBatch: ROWS,
    stepTimeoutMs: 60_000,
    logger: pino({ level: 'silent' })
  })
  try {
    const callers = new AbortController()
    const crowd = Array.from({ length: CALLERS }, async (_, caller) => {
      for (let seed = caller; !callers.signal.aborted; seed += CALLERS) await generate(engine, seed)
    })
    await sleep(WINDOW_MS)
    const windows: Window[] = []
    for (let i = 0; i < WINDOWS; i++) windows.push(await watch(engine))
    callers.abort()
    await Promise.all(crowd)
    const overheads = windows.map(({ wallMs, runMs }) => wallMs / runMs)
    const middle = (of: (window: Window) => number): number => median(windows.map(of))
    return {
      value: median(overheads),
      spread: spread(overheads),
      unit: '×',
      detail: {
        callers: CALLERS,
        tokens: LENGTH,
        meanBatch: middle(({ rows, batches }) => rows / batches),
        runMs: middle(({ runMs, batches }) => runMs / batches),
        engineCpuMsPerStep: middle(({ cpuMs, batches }) => cpuMs / batches),
        rowsPerSecond: middle(({ rows, wallMs }) => 1000 * rows / wallMs)
      }
    }
  } finally {
    await engine.close()
  }
}

interface Window {
  readonly wallMs: number
  readonly runMs: number
  readonly batches: number
  readonly rows: number
  /** Of the process that holds the engine, and no worker. */
  readonly cpuMs: number
}

async function watch (engine: Engine): Promise<Window> {
  const before = engine.stats().steps
  const cpuBefore = process.cpuUsage()
  const begin = performance.now()
  await sleep(WINDOW_MS)
  const wallMs = performance.now() - begin
  const after = engine.stats().steps
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    wallMs,
    runMs: after.runMs - before.runMs,
    batches: after.batches - before.batches,
    rows: after.rows - before.rows,
    cpuMs: (user + system) / 1000
  }
}

async function generate (engine: Engine, seed: number): Promise<void> {
  const template = { tokens: new Int32Array(LENGTH), editable: new Uint8Array(LENGTH).fill(1) }
  const budget = { kind: 'exact', stepSizes: namedSchedule('uniform', STEPS) } as const
  await engine.generate({ id: 'bench', rows: [{ seed, template }], budget, sampling: SAMPLING })
}

export const engineOverheadFastSteps: Figure = {
  name: 'engine_overhead_fast_steps',
  about: `wall time of the engine, saturated by ${CALLERS} callers, over its time in session.run where a step takes 2 ms`,
  goal: { atMost: 1.15 },
  measure
}
