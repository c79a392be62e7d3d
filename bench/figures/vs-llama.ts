/** A step of a LLaDA-shaped model, network and sampler, beside a forward pass alone in llama.cpp: same weights, shape and threads. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Tensor, type InferenceSession } from 'onnxruntime-node'
import { llamaModel, maskedModel } from '../lib/bench-graphs.js'
import { stepFeeds, type CanvasShape } from '../lib/canvas-feeds.js'
import { LineRunner, type LlamaRequest, type LlamaTiming } from '../lib/line-runner.js'
import { inTurns } from '../lib/measure.js'
import { float32, int64, output, withSessions, type Tensors } from '../lib/ort.js'
import { timeMs } from '../lib/repeat.js'
import type { Spread } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const ROUNDS = 9
const MASK = 32_000
/** A probability that none is above. */
const NEVER = 2
/** Share of positions at which both must find the same token the most probable: in 16 bits, or 8 of either kind, it is not all of them. */
const AGREEMENT = { float32: 0.95, int8: 0.5 }

interface Case extends CanvasShape {
  /** Of one timing. */
  readonly passes: number
}

/** The lone short canvas, where fixed costs count, first. */
const CASES: readonly Case[] = [
  { rows: 1, length: 128, passes: 3 },
  { rows: 1, length: 256, passes: 2 },
  { rows: 8, length: 256, passes: 1 }
]
const PRECISIONS = [
  { precision: 'float32', graph: 'step.onnx', theirs: 'f16' },
  { precision: 'int8', graph: 'step-int8.onnx', theirs: 'q8_0' }
] as const

interface Point extends CanvasShape {
  readonly precision: 'float32' | 'int8'
  readonly value: number
  readonly spread: Spread
  readonly llamaMs: number
  readonly stepMs: number
}

/** Every second position is masked, the others are tokens that differ. */
function canvas ({ rows, length }: CanvasShape): number[][] {
  const tokenAt = (i: number): number => i % 2 === 0 ? MASK : (7919 * i + 13) % MASK
  return Array.from({ length: rows }, (_, row) => Array.from({ length }, (_, i) => tokenAt(row * length + i)))
}

/** The last step, greedy: every mask becomes its most probable token. */
function feedsOf (shape: CanvasShape, tokens: readonly number[][]): Tensors {
  const { rows, length } = shape
  const flat = tokens.flat()
  return {
    ...stepFeeds(shape),
    tokens: int64(flat, [rows, length]),
    editable: new Tensor('bool', Uint8Array.from(flat, (token) => Number(token === MASK)), [rows, length]),
    t: float32(new Float32Array(rows).fill(0.5), [rows]),
    h: float32(new Float32Array(rows).fill(0.5), [rows]),
    temperature: float32(new Float32Array(rows), [rows]),
    reveal_above: float32(new Float32Array(rows).fill(NEVER), [rows])
  }
}

/** @throws Error where the two do not compute the same */
function compare (tokens: readonly number[], ours: Tensor, theirs: readonly number[], least: number): void {
  const masked = tokens.flatMap((token, i) => token === MASK ? [i] : [])
  const same = masked.filter((i) => Number(ours.data[i]) === theirs[i]).length / masked.length
  if (same < least) throw new Error(`llama.cpp has the same most probable token at ${Math.round(100 * same)} % of the positions alone: it runs another model`)
}

async function measureCase (
  llama: LineRunner<LlamaRequest, LlamaTiming>, step: InferenceSession, request: Omit<LlamaRequest, 'passes' | 'tokens'>, shape: Case, least: number
): Promise<Omit<Point, 'precision'>> {
  const { rows, length, passes } = shape
  const tokens = canvas(shape)
  const feeds = feedsOf(shape, tokens)
  const theirs = async (): Promise<number> => (await llama.time({ ...request, passes, tokens })).ms / passes
  const ours = async (): Promise<number> => await timeMs(async () => {
    for (let i = 0; i < passes; i++) await step.run(feeds)
  }) / passes
  // The first of each allocates.
  const { most_probable: mostProbable } = await llama.time({ ...request, passes: 1, tokens })
  compare(tokens[0] ?? [], output(await step.run(feeds), 'next_tokens'), mostProbable, least)
  const { value, spread, firstMs: llamaMs, secondMs: stepMs } = await inTurns(theirs, ours, { rounds: ROUNDS, warmUpRounds: 0 })
  return { rows, length, value, spread, llamaMs, stepMs }
}

async function measure (): Promise<Measurement> {
  const threads = availableParallelism()
  const llama = LineRunner.llama()
  try {
    const points: Point[] = []
    for (const { precision, graph, theirs } of PRECISIONS) {
      const request = { model: llamaModel(theirs), threads }
      await withSessions({ step: join(maskedModel(), graph) }, threads, async ({ step }) => {
        for (const shape of CASES) points.push({ precision, ...await measureCase(llama, step, request, shape, AGREEMENT[precision]) })
      })
    }
    const worst = points.reduce((least, point) => point.value < least.value ? point : least)
    return { value: worst.value, spread: worst.spread, unit: '×', detail: { threads, points } }
  } finally {
    await llama.stop()
  }
}

export const vsLlama: Figure = {
  name: 'vs_llama',
  about: 'a forward pass in llama.cpp over a step, 0.13B LLaDA shape, F16 beside float32 and Q8_0 beside 8-bit products, smallest ratio of six cases',
  goal: { atLeast: 1.2 },
  measure
}
