/** What sampling inside the graph saves over fetching the logits and sampling in JavaScript. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_MODEL } from '../../src/config.js'
import { jumpExponent } from '../../src/diffusion/solver.js'
import { readManifest } from '../../src/model/manifest.js'
import { graphFile } from '../lib/bench-graphs.js'
import { FIRST_STEP, networkFeeds, stepFeeds, stepNoise } from '../lib/canvas-feeds.js'
import { JsSampler } from '../lib/js-sampler.js'
import { sideBySide, type Ratio } from '../lib/measure.js'
import { float32, withSessions } from '../lib/ort.js'
import { timeMs } from '../lib/repeat.js'
import { median } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const ROWS = [1, 8, 16]
const VALUE_ROWS = 8
const LENGTH = 128
const ROUNDS = 9

async function measure (): Promise<Measurement> {
  const threads = availableParallelism()
  const { vocab_size: vocabSize, mask_token_id: mask, exponent, graph } = await readManifest(DEFAULT_MODEL)
  const columns = vocabSize + (mask === null ? 0 : 1)
  const sampler = new JsSampler({
    columns,
    ...(mask === null ? {} : { maskTokenId: mask }),
    temperature: 1,
    jumpExponent: jumpExponent(FIRST_STEP.t, FIRST_STEP.t + FIRST_STEP.h, exponent),
    last: false
  })
  const files = { step: join(DEFAULT_MODEL, graph.file), logits: graphFile('embedded/logits') }
  return await withSessions(files, threads, async ({ step, logits }) => {
    const points: Array<Ratio & { readonly rows: number, readonly samplingMs: number }> = []
    for (const rows of ROWS) {
      const shape = { rows, length: LENGTH }
      const fused = stepFeeds(shape, mask ?? 0)
      const network = networkFeeds(shape, mask ?? 0)
      const noise = stepNoise(shape)
      const canvases = { tokens: new Int32Array(rows * LENGTH), confidence: new Float32Array(rows * LENGTH) }
      // Memory of our own, used for every step, as a service that sampled here would have it.
      const fetched = new Float32Array(rows * LENGTH * columns)
      const fetches = { logits: float32(fetched, [rows, LENGTH, columns]) }
      const samplingMs: number[] = []
      const inJavaScript = async (): Promise<void> => {
        await logits.run(network, fetches)
        canvases.tokens.fill(mask ?? 0)
        samplingMs.push(await timeMs(() => { sampler.refine(fetched, noise, canvases) }))
      }
      const ratio = await sideBySide(inJavaScript, () => step.run(fused), { rounds: ROUNDS, warmUpRounds: 2 })
      points.push({ rows, ...ratio, samplingMs: median(samplingMs) })
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
        columns,
        points: points.map(({ rows, value, spread, firstMs, secondMs, samplingMs }) => (
          { rows, value, spread, javascriptMs: firstMs, ofThatSamplingMs: samplingMs, fusedMs: secondMs }))
      }
    }
  })
}

export const fusedVsJs: Figure = {
  name: 'fused_vs_js',
  about: `a step with its logits fetched and sampled in JavaScript over the fused one: ${VALUE_ROWS} rows of ${LENGTH} tokens, embedded model`,
  measure
}
