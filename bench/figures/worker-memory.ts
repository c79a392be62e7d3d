/** How much memory the process needs at most that holds a model. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { chooseGraphs, graphFiles } from '../../src/engine/graph-choice.js'
import { Session } from '../../src/engine/session.js'
import { timeStep } from '../../src/engine/warm-up.js'
import type { Precision, WorkerOptions } from '../../src/engine/worker-protocol.js'
import { readManifest } from '../../src/model/manifest.js'
import { graphCopies, maskedModel } from '../lib/bench-graphs.js'
import type { Figure, Measurement } from './figure.js'

const LENGTH = 256
const STEPS = 2
/** Of llama.cpp's process, in MB, at a forward pass over the same shape, with F16 and Q8_0 weights, as measured once beside fewstep. */
const CASES = [
  { precision: 'float32', rows: 1, llamaMb: 349 },
  { precision: 'float32', rows: 8, llamaMb: 817 },
  { precision: 'int8', rows: 1, llamaMb: 226 },
  { precision: 'int8', rows: 8, llamaMb: 691 }
] as const

async function measure (): Promise<Measurement> {
  const directory = maskedModel()
  const cases = []
  for (const { precision, rows, llamaMb } of CASES) {
    const { peakMb, ...rest } = await peakOf(directory, precision, rows)
    cases.push({ precision, rows, peakMb, llamaMb, ratio: peakMb / llamaMb, ...rest })
  }
  const ratios = cases.map(({ ratio }) => ratio)
  const value = Math.max(...ratios)
  return { value, spread: { low: Math.min(...ratios), high: value }, unit: '×', detail: { tokens: LENGTH, cases } }
}

interface Memory {
  readonly peakMb: number
  /** In the end, of no file: of each worker by itself. */
  readonly privateMb: number
  readonly startMs: number
  readonly stepMs: number
}

/** After its start and a few steps of a worker of its own. */
async function peakOf (directory: string, precision: Precision, rows: number): Promise<Memory> {
  const manifest = await readManifest(directory)
  const { cpu: [cpu], cuda } = chooseGraphs(manifest, { precision, executionProvider: 'cpu' })
  const options: WorkerOptions = {
    graphFiles: { cpu: graphFiles(directory, manifest, cpu), cuda: graphFiles(directory, manifest, cuda) },
    executionProvider: 'cpu',
    deviceId: 0,
    threads: availableParallelism(),
    copies: { directory: graphCopies(), fromBytes: 0 }
  }
  let session = await Session.start(options)
  try {
    // As the engine does: the first one at all only makes the graph's optimised copy.
    if (session.copy?.isNew === true) {
      await end(session)
      session = await Session.start(options)
    }
    const stepMs = await timeStep([session], { rows, paddedLength: LENGTH, lane: 'step' }, STEPS)
    const status = readFileSync(`/proc/${session.pid}/status`, 'utf8')
    const mb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? NaN) * 1024 / 1e6
    return { peakMb: mb('VmHWM'), privateMb: mb('RssAnon'), startMs: session.startMs, stepMs }
  } finally {
    await end(session)
  }
}

async function end (session: Session): Promise<void> {
  session.kill()
  await session.exited
}

export const workerMemory: Figure = {
  name: 'worker_memory',
  about: 'peak memory of a worker with a LLaDA-shaped model of 0.13B over that of llama.cpp, largest of four cases',
  goal: { atMost: 1.5 },
  measure
}
