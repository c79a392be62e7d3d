/** Sampling in eight fused steps against the published way of it in PyTorch: same weights, shape, steps and threads. */
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import type { InferenceSession } from 'onnxruntime-node'
import { DEFAULT_MODEL } from '../../src/config.js'
import { largeModel } from '../lib/bench-graphs.js'
import { stepFeeds } from '../lib/canvas-feeds.js'
import { inTurns } from '../lib/measure.js'
import { withSessions } from '../lib/ort.js'
import { LineRunner, type TorchRequest } from '../lib/line-runner.js'
import { timeMs } from '../lib/repeat.js'
import type { Spread } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const STEPS = 8

interface Case {
  readonly name: string
  readonly model: string
  readonly rows: number
  readonly length: number
  /** Those timed; the time of all eight is theirs, scaled: every step costs the same. */
  readonly timedSteps: number
  readonly rounds: number
}

/** The graph that the service runs on a CPU, and the one that computes what PyTorch does. */
const GRAPHS = { int8: 'step-int8.onnx', float32: 'step.onnx' } as const
type Precision = keyof typeof GRAPHS

interface Point extends Omit<Case, 'model'> {
  readonly precision: Precision
  readonly value: number
  readonly spread: Spread
  /** Of STEPS steps. */
  readonly torchMs: number
  readonly fusedMs: number
}

function cases (): Case[] {
  const embedded = { name: 'embedded', model: resolve(DEFAULT_MODEL), length: 128, timedSteps: STEPS, rounds: 7 }
  return [
    { ...embedded, rows: 1 },
    { ...embedded, rows: 8 },
    { name: 'large', model: largeModel(), rows: 1, length: 1024, timedSteps: 2, rounds: 5 }
  ]
}

async function measureCase (torch: LineRunner<TorchRequest>, step: InferenceSession, threads: number, each: Case): Promise<Omit<Point, 'precision'>> {
  const { model, rows, length, timedSteps, rounds, name } = each
  const feeds = stepFeeds({ rows, length })
  const fused = async (): Promise<void> => {
    for (let i = 0; i < timedSteps; i++) await step.run(feeds)
  }
  const inTorch = async (): Promise<number> => (await torch.time({ model, rows, length, steps: timedSteps, threads })).ms
  // The first of each allocates.
  await step.run(feeds)
  await inTorch()
  const scale = STEPS / timedSteps
  const { value, spread, firstMs: torchMs, secondMs: fusedMs } = await inTurns(
    async () => scale * await inTorch(), async () => scale * await timeMs(fused), { rounds, warmUpRounds: 0 })
  return { name, rows, length, timedSteps, rounds, value, torchMs, fusedMs, spread }
}

async function measure (): Promise<Measurement> {
  const threads = availableParallelism()
  const torch = LineRunner.torch()
  try {
    const points: Point[] = []
    for (const each of cases()) {
      for (const precision of ['int8', 'float32'] satisfies Precision[]) {
        const files = { step: join(each.model, GRAPHS[precision]) }
        points.push({ precision, ...await withSessions(files, threads, ({ step }) => measureCase(torch, step, threads, each)) })
      }
    }
    const worst = points.filter(({ precision }) => precision === 'int8').reduce((least, point) => point.value < least.value ? point : least)
    return { value: worst.value, spread: worst.spread, unit: '×', detail: { threads, steps: STEPS, points } }
  } finally {
    await torch.stop()
  }
}

export const vsTorch: Figure = {
  name: 'vs_torch',
  about: `${STEPS} steps sampled the published way in PyTorch over ${STEPS} fused ones with 8-bit products, the smallest ratio of embedded model and 0.17B shape`,
  goal: { atLeast: 2 },
  measure
}
