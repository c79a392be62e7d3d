/**
 * How long a step takes, by rows: node --import tsx scripts/gpu/steps.ts MODEL cuda|cpu [ROWS,...]
 *
 * Canvases as long as the model has them, at most 1,024 tokens, in the precision that the service would take there; a line of JSON for each
 * number of rows. tokens_per_second is of texts made in eight steps; a batch that does not fit is told, and ends it.
 */
import { chooseGraphs } from '../../src/engine/graph-choice.js'
import { timeStep } from '../../src/engine/warm-up.js'
import { modelGraphs, providerOf } from './graphs.js'

const STEPS = 8
const LONGEST = 1024
const ROUNDS = 5

const [directory = '', name, list = '1,2,4,8,16,32,64'] = process.argv.slice(2)
const provider = providerOf(name)
const { manifest, graphs, open } = await modelGraphs(directory)
const wanted = provider === 'cuda' ? chooseGraphs(manifest, { precision: 'auto', executionProvider: 'cuda' }).cuda.precision : 'float32'
const paddedLength = Math.min(LONGEST, manifest.max_length)
for (const graph of graphs.filter(({ precision }) => precision === wanted)) {
  const session = await open(graph, provider)
  for (const rows of list.split(',').map(Number)) {
    const ms = await timeStep([session], { rows, paddedLength, lane: 'step' }, ROUNDS).catch((error: unknown) => error as Error)
    const told = ms instanceof Error
      ? { error: ms.message }
      : { ms: Number(ms.toPrecision(4)), tokens_per_second: Math.round(1000 * rows * paddedLength / (STEPS * ms)) }
    const { name: model, parameters } = manifest
    console.log(JSON.stringify({ model, parameters, precision: wanted, provider, rows, length: paddedLength, ...told }))
    if (ms instanceof Error) break
  }
  session.kill()
}
