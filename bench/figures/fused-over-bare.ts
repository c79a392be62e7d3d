/** What sampling inside the graph adds to the network itself. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_MODEL } from '../../src/config.js'
import { graphFile } from '../lib/bench-graphs.js'
import { networkFeeds, stepFeeds } from '../lib/canvas-feeds.js'
import { sideBySide, type Ratio } from '../lib/measure.js'
import { withSessions } from '../lib/ort.js'
import { longEnough } from '../lib/repeat.js'
import type { Figure, Measurement } from './figure.js'

const ROWS = [1, 2, 4, 8, 16]
const VALUE_ROWS = 8
const LENGTH = 128
const ROUNDS = 11
/** Of one timing: several steps, so that one that was disturbed does not decide. */
const AT_LEAST_MS = 200

async function measure (): Promise<Measurement> {
  const threads = availableParallelism()
  const files = { step: join(DEFAULT_MODEL, 'step.onnx'), bare: graphFile('embedded/bare') }
  return await withSessions(files, threads, async ({ step, bare }) => {
    const points: Array<Ratio & { readonly rows: number }> = []
    for (const rows of ROWS) {
      const shape = { rows, length: LENGTH }
      const fused = stepFeeds(shape)
      const alone = networkFeeds(shape)
      const { times } = await longEnough(() => bare.run(alone), AT_LEAST_MS)
      const repeated = (run: () => Promise<unknown>) => async () => {
        for (let i = 0; i < times; i++) await run()
      }
      const ratio = await sideBySide(repeated(() => step.run(fused)), repeated(() => bare.run(alone)), { rounds: ROUNDS, warmUpRounds: 1 })
      points.push({ rows, ...ratio, firstMs: ratio.firstMs / times, secondMs: ratio.secondMs / times })
    }
    const point = points.find(({ rows }) => rows === VALUE_ROWS)
    if (point === undefined) throw new Error(`${VALUE_ROWS} rows were not measured`)
    return {
      value: point.value,
      spread: point.spread,
      unit: '×',
      detail: {
        threads,
        length: LENGTH,
        points: points.map(({ rows, value, spread, firstMs, secondMs }) => ({ rows, value, spread, fusedMs: firstMs, bareMs: secondMs }))
      }
    }
  })
}

export const fusedOverBare: Figure = {
  name: 'fused_over_bare',
  about: `a step, network and sampler in one graph, over the network alone: ${VALUE_ROWS} rows of ${LENGTH} tokens, embedded model`,
  goal: { atMost: 1.1 },
  measure
}
