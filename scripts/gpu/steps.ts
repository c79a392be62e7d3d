/**
 * How long a step takes, by rows: node --import tsx scripts/gpu/steps.ts MODEL cuda|cpu [ROWS,...]
 *
 * Canvases as long as the model has them, at most 1,024 tokens, in the precision that the service would take there; a line of JSON for each
 * number of rows. tokens_per_second is of texts made in eight steps; like_first_row is the share of positions that the rows, which are all
 * the same, have as the first one has them: far from 1 where a kernel counts wrongly. A batch that does not fit is told, and ends it.
 */
import { chooseGraphs } from '../../src/engine/graph-choice.js'
import type { Session } from '../../src/engine/session.js'
import { anyBatch, timeStep, type WarmUpShape } from '../../src/engine/warm-up.js'
import { modelGraphs, providerOf } from './graphs.js'

const STEPS = 8
const LONGEST = 1024
const ROUNDS = 5
const TIMEOUT_MS = 60_000

const [directory = '', name, list = '1,2,4,8,16,32,64'] = process.argv.slice(2)
const provider = providerOf(name)
const { manifest, graphs, open } = await modelGraphs(directory)
const wanted = provider === 'cuda' ? chooseGraphs(manifest, { precision: 'auto', executionProvider: 'cuda' }).cuda.precision : 'float32'
const paddedLength = Math.min(LONGEST, manifest.max_length)

async function likeFirstRow (session: Session, shape: WarmUpShape): Promise<number> {
  const { arrays: { tokens } } = await session.run(shape, (batch) => {
    anyBatch(shape)(batch)
    // The last step draws every position.
    batch.t.fill(1 - 1 / STEPS)
  }, TIMEOUT_MS)
  return tokens.filter((token, at) => token === tokens[at % shape.paddedLength]).length / tokens.length
}

for (const graph of graphs.filter(({ precision }) => precision === wanted)) {
  const session = await open(graph, provider)
  for (const rows of list.split(',').map(Number)) {
    const shape = { rows, paddedLength, lane: 'step' } as const
    const ms = await timeStep([session], shape, ROUNDS).catch((error: unknown) => error as Error)
    const told = ms instanceof Error
      ? { error: ms.message }
      : {
          ms: Number(ms.toPrecision(4)),
          tokens_per_second: Math.round(1000 * rows * paddedLength / (STEPS * ms)),
          like_first_row: await likeFirstRow(session, shape)
        }
    const { name: model, parameters } = manifest
    console.log(JSON.stringify({ model, parameters, precision: wanted, provider, rows, length: paddedLength, ...told }))
    if (ms instanceof Error) break
  }
  session.kill()
}
