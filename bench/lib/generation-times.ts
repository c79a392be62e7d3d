/** Times of generating token by token and canvas by canvas with two models of one shape, taken in turns. */
import type { InferenceSession } from 'onnxruntime-node'
import type { TokenTime } from './cache-positions.js'
import { stepFeeds } from './canvas-feeds.js'
import type { DecoderRequest, LineRunner } from './line-runner.js'
import { steadyMs } from './repeat.js'

/** A step as long as this is not disturbed by what ran before it. */
const LONG_MS = 400

export interface Models {
  readonly step: InferenceSession
  readonly decoder: LineRunner<DecoderRequest>
  readonly decoderGraph: string
  readonly threads: number
}

export interface RoundPlan {
  readonly rows: number
  /** Lengths of the canvases of which one step is timed. */
  readonly lengths: readonly number[]
  /** Positions that the cache has room for. */
  readonly room: number
  /** Where in the cache tokens are timed: this many positions, evenly from the first to the last. */
  readonly positions: number
  /** Tokens timed at each of them, one after another. */
  readonly tokens: number
  readonly rounds: number
}

/** What one round measured. */
export interface Round {
  /** Of all rows together, ascending by position. */
  readonly tokenTimes: readonly TokenTime[]
  /** Of one step, by length. */
  readonly stepMs: ReadonlyMap<number, number>
}

export async function measureRounds ({ step, decoder, decoderGraph, threads }: Models, plan: RoundPlan): Promise<Round[]> {
  const { rows, room, tokens } = plan
  const canvases = new Map(plan.lengths.map((length) => [length, stepFeeds({ rows, length })]))
  // The first run allocates; the longest canvas does it for all. The decoder warms up by itself.
  const longest = canvases.get(Math.max(...plan.lengths))
  if (longest !== undefined) await step.run(longest)
  const rounds: Round[] = []
  for (let round = 0; round < plan.rounds; round++) {
    const tokenTimes: TokenTime[] = []
    for (const position of firstPositions(plan)) {
      const { ms } = await decoder.time({ graph: decoderGraph, threads, rows, room, position, tokens })
      tokenTimes.push({ position: position + (tokens - 1) / 2, ms: ms / tokens })
    }
    const stepMs = new Map<number, number>()
    for (const [length, feeds] of canvases) stepMs.set(length, await steadyMs(() => step.run(feeds), LONG_MS))
    rounds.push({ tokenTimes, stepMs })
  }
  return rounds
}

function firstPositions ({ positions, room, tokens }: RoundPlan): number[] {
  return Array.from({ length: positions }, (_, i) => Math.round(i * (room - tokens) / (positions - 1)))
}

/** All of the first `length` tokens of one row, one after another: what `generationMs` puts together from a few. */
export async function wholeGeneration (
  { decoder, decoderGraph, threads }: Models, length: number
): Promise<{ readonly ms: number, readonly runtime?: string }> {
  return await decoder.time({ graph: decoderGraph, threads, rows: 1, room: length, position: 0, tokens: length })
}
