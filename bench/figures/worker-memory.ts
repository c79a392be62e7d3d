/** How much memory the process needs at most that holds a model. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { chooseGraphs, graphFiles } from '../../src/engine/graph-choice.js'
import { Session } from '../../src/engine/session.js'
import { timeStep } from '../../src/engine/warm-up.js'
import type { Precision } from '../../src/engine/worker-protocol.js'
import { readManifest } from '../../src/model/manifest.js'
import { maskedModel } from '../lib/bench-graphs.js'
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
    const { peakMb, stepMs } = await peakOf(directory, precision, rows)
    cases.push({ precision, rows, peakMb, llamaMb, ratio: peakMb / llamaMb, stepMs })
  }
  const ratios = cases.map(({ ratio }) => ratio)
  const value = Math.max(...ratios)
  return { value, spread: { low: Math.min(...ratios), high: value }, unit: '×', detail: { tokens: LENGTH, cases } }
}

/** After its start and a few steps of a worker of its own. */
async function peakOf (directory: string, precision: Precision, rows: number): Promise<{ peakMb: number, stepMs: number }> {
  const manifest = await readManifest(directory)
  const { cpu: [cpu], cuda } = chooseGraphs(manifest, { precision, executionProvider: 'cpu' })
  const session = await Session.start({
    graphFiles: { cpu: graphFiles(directory, manifest, cpu), cuda: graphFiles(directory, manifest, cuda) },
    executionProvider: 'cpu',
    deviceId: 0,
    threads: availableParallelism()
  })
  try {
    const stepMs = await timeStep([session], { rows, paddedLength: LENGTH, lane: 'step' }, STEPS)
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${session.pid}/status`, 'utf8'))?.[1]
    return { peakMb: Number(kib ?? NaN) * 1024 / 1e6, stepMs }
  } finally {
    session.kill()
    await session.exited
  }
}

export const workerMemory: Figure = {
  name: 'worker_memory',
  about: 'peak memory of a worker with a LLaDA-shaped model of 0.13B over that of llama.cpp, largest of four cases',
  goal: { atMost: 1.5 },
  measure
}
