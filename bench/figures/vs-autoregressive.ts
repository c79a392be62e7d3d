/** Few steps over whole canvases against one token after another with a key-value cache: same trunk, same threads. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_MODEL } from '../../src/config.js'
import { graphFacts, graphFile, type CanvasFacts, type DecoderFacts } from '../lib/bench-graphs.js'
import { generationMs } from '../lib/cache-positions.js'
import { curvePoints, curveRow, overtaking, type CurvePoint } from '../lib/generation-curve.js'
import { measureRounds, wholeGeneration, type Models, type Round } from '../lib/generation-times.js'
import { machineRates } from '../lib/machine-rates.js'
import { withSessions } from '../lib/ort.js'
import { LineRunner, type DecoderRequest } from '../lib/line-runner.js'
import type { Rates } from '../lib/roofline.js'
import { median } from '../../src/load/statistics.js'
import { formatTable } from '../../src/cli/bench/table.js'
import { isMet, type Figure, type Goal, type Measurement } from './figure.js'

const STEPS = [8, 4]
const BATCHES = [1, 2, 4, 8, 16, 32]
const CHECKED_TOKENS = 256
/** Of batch 1, which the goals are about, and of the others. */
const POSITIONS = { first: 5, others: 3 }
const ROUNDS = { first: 5, others: 2 }

interface Shape {
  readonly name: string
  readonly stepFile: string
  readonly lengths: readonly number[]
  /** A step of more tokens than this is not timed but scaled from the largest batch that was. */
  readonly maxStepTokens: number
  readonly tokens: number
}

interface ShapeResult {
  readonly name: string
  /** Version of the ONNX Runtime that the decoder ran in. */
  readonly decoderRuntime: string | undefined
  readonly points: readonly CurvePoint[]
  /** The shortcut over a whole run: 1 where they agree. */
  readonly shortcut: { readonly tokens: number, readonly wholeMs: number, readonly fromPositionsMs: number }
}

function shapes (): Shape[] {
  return [
    { name: 'embedded', stepFile: join(DEFAULT_MODEL, 'step.onnx'), lengths: [128, 256], maxStepTokens: 2048, tokens: 24 },
    { name: 'large', stepFile: graphFile('large/step'), lengths: [128, 256, 512, 1024], maxStepTokens: 1024, tokens: 6 }
  ]
}

async function measureShape (shape: Shape, runner: LineRunner<DecoderRequest>, threads: number, rates: Rates): Promise<ShapeResult> {
  const canvas = graphFacts<CanvasFacts>(`${shape.name}/bare`)
  const decoder = graphFacts<DecoderFacts>(`${shape.name}/ar`)
  const decoderGraph = graphFile(`${shape.name}/ar`)
  return await withSessions({ step: shape.stepFile }, threads, async ({ step }) => {
    const models: Models = { step, decoder: runner, decoderGraph, threads }
    const room = Math.max(...shape.lengths)
    const rounds = new Map<number, readonly Round[]>()
    for (const rows of BATCHES) {
      rounds.set(rows, await measureRounds(models, {
        rows,
        room,
        positions: rows === 1 ? POSITIONS.first : POSITIONS.others,
        tokens: shape.tokens,
        lengths: shape.lengths.filter((length) => rows * length <= shape.maxStepTokens),
        rounds: rows === 1 ? ROUNDS.first : ROUNDS.others
      }))
    }
    const { ms: wholeMs, runtime } = await wholeGeneration(models, CHECKED_TOKENS)
    const fromPositionsMs = median((rounds.get(1) ?? []).map(({ tokenTimes }) => generationMs(tokenTimes, CHECKED_TOKENS)))
    return {
      name: shape.name,
      decoderRuntime: runtime,
      points: STEPS.flatMap((steps) => shape.lengths.flatMap((length) => curvePoints({ canvas, decoder, rates, rounds }, length, steps))),
      shortcut: { tokens: CHECKED_TOKENS, wholeMs, fromPositionsMs }
    }
  })
}

function pointOf (results: readonly ShapeResult[], name: string, length: number, steps: number): CurvePoint {
  const points = results.find((each) => each.name === name)?.points
  const point = points?.find((each) => each.batch === 1 && each.length === length && each.steps === steps)
  if (point === undefined) throw new Error(`${name} was not measured at ${length} tokens in ${steps} steps`)
  return point
}

function goalsOf (results: readonly ShapeResult[]): object[] {
  const goals: ReadonlyArray<{ readonly shape: string, readonly length: number, readonly steps: number, readonly goal: Goal }> = [
    { shape: 'large', length: 1024, steps: 8, goal: { atLeast: 2.5 } },
    { shape: 'large', length: 1024, steps: 4, goal: { atLeast: 5 } },
    { shape: 'embedded', length: 256, steps: 8, goal: { atLeast: 1.2 } }
  ]
  return goals.map((each) => {
    const { ratio, spread, predicted } = pointOf(results, each.shape, each.length, each.steps)
    return { ...each, batch: 1, value: ratio, spread, predicted, met: isMet(each.goal, ratio) }
  })
}

/** For every length and number of steps, the batch from which one token after another is faster. */
function overtakingOf ({ points }: ShapeResult): object[] {
  const alone = points.filter(({ batch }) => batch === 1)
  return alone.map(({ length, steps }) => (
    { length, steps, ...overtaking(points.filter((each) => each.length === length && each.steps === steps)) }))
}

async function measure (): Promise<Measurement> {
  const threads = availableParallelism()
  const rates = await machineRates(threads)
  const results: ShapeResult[] = []
  const runner = LineRunner.decoder()
  try {
    for (const shape of shapes()) results.push(await measureShape(shape, runner, threads, rates))
  } finally {
    await runner.stop()
  }
  process.stdout.write(formatTable(
    ['autoregressive over few-step time', 'batch', 'measured ', 'roofline'],
    results.flatMap(({ name, points }) => points.map((point) => curveRow(name, point)))
  ) + '* the step scaled from a smaller batch\n\n')
  const { ratio, spread } = pointOf(results, 'large', 1024, 8)
  return {
    value: ratio,
    spread,
    unit: '×',
    detail: {
      threads,
      gflopsPerSecond: rates.flopsPerSecond / 1e9,
      gigabytesPerSecond: rates.bytesPerSecond / 1e9,
      method: `an autoregressive run is put together from tokens timed at ${POSITIONS.first} cache positions (batch 1) or ${POSITIONS.others}, linear between them; shortcut compares that with a whole run`,
      goals: goalsOf(results),
      shapes: results.map((result) => ({ ...result, overtakingBatch: overtakingOf(result) }))
    }
  }
}

export const vsAutoregressive: Figure = {
  name: 'vs_autoregressive',
  about: '1,024 tokens one after another with a key-value cache over the same in 8 steps: 0.17B shape, batch 1',
  goal: { atLeast: 2.5 },
  measure
}
