/**
 * Where the time of a step goes, by operator: CUDA_LAUNCH_BLOCKING=1 node --import tsx scripts/gpu/profile.ts MODEL cuda|cpu [ROWS]
 *
 * In the graph that the service would take there, over canvases as long as the model has them, at most 1,024 tokens. Without
 * CUDA_LAUNCH_BLOCKING a GPU's operators end before their work does; with it each seems some 25 us longer. JSON: `operators` has the
 * mean of a step in ms, with the count of the operator's nodes and the execution provider that they are on, `nodes` the slowest ones. Scan
 * and If are as long as what they hold, which is counted by itself, too.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession } from 'onnxruntime-node'
import { stepFeeds } from '../../bench/lib/canvas-feeds.js'
import { float32 } from '../../bench/lib/ort.js'
import { chooseGraphs } from '../../src/engine/graph-choice.js'
import { preloadCuda } from '../../src/engine/cuda-libraries.js'
import { BY_PLAN } from '../../src/engine/step-message.js'
import { readManifest } from '../../src/model/manifest.js'
import { providerOf } from './graphs.js'

const LONGEST = 1024
const STEPS = 5
const SLOWEST = 25

interface Event {
  readonly cat: string
  readonly name: string
  readonly dur: number
  readonly args?: { readonly op_name?: string, readonly provider?: string, readonly output_type_shape?: unknown }
}

const [directory = '', name, rows = '8'] = process.argv.slice(2)
const provider = providerOf(name)
const manifest = await readManifest(directory)
const { file, precision } = chooseGraphs(manifest, { precision: 'auto', executionProvider: 'cuda' }).cuda
if (provider === 'cuda') preloadCuda()
const folder = await mkdtemp(join(tmpdir(), 'fewstep-profile-'))
try {
  const session = await InferenceSession.create(join(directory, file), {
    executionProviders: [provider],
    enableProfiling: true,
    profileFilePrefix: join(folder, 'step'),
    logSeverityLevel: 3
  })
  const shape = { rows: Number(rows), length: Math.min(LONGEST, manifest.max_length) }
  const byPlan = { reveal_above: float32(new Float32Array(shape.rows).fill(BY_PLAN), [shape.rows]) }
  const feeds = { ...stepFeeds(shape), ...(session.inputNames.includes('reveal_above') ? byPlan : {}) }
  // The first step of a shape allocates and chooses kernels, so it is not counted.
  for (let step = 0; step <= STEPS; step++) await session.run(feeds)
  session.endProfiling()
  const [profile = ''] = await readdir(folder)
  const events = JSON.parse(await readFile(join(folder, profile), 'utf8')) as Event[]
  const nodes = new Map<string, { operator: string, shape: string, ms: number[] }>()
  for (const { cat, name: node, dur, args = {} } of events) {
    if (cat !== 'Node' || args.op_name === undefined || !node.endsWith('_kernel_time')) continue
    const operator = `${args.op_name} ${args.provider?.replace('ExecutionProvider', '')}`
    const seen = nodes.get(node) ?? { operator, shape: JSON.stringify(args.output_type_shape), ms: [] }
    nodes.set(node, seen)
    seen.ms.push(dur / 1000)
  }
  // What a Scan holds runs several times a step.
  const mean = (ms: readonly number[]): number => ms.slice(ms.length / (STEPS + 1)).reduce((sum, each) => sum + each, 0) / STEPS
  const operators = new Map<string, { ms: number, nodes: number }>()
  for (const { operator, ms } of nodes.values()) {
    const sum = operators.get(operator) ?? { ms: 0, nodes: 0 }
    operators.set(operator, { ms: sum.ms + mean(ms), nodes: sum.nodes + 1 })
  }
  const byOperator = [...operators].sort(([, a], [, b]) => b.ms - a.ms)
    .map(([operator, { ms, nodes: count }]) => `${operator} ${ms.toFixed(3)} (${count})`)
  const slowest = [...nodes].map(([node, { operator, shape: output, ms }]) => ({ node, operator, output, ms: mean(ms) }))
    .sort((a, b) => b.ms - a.ms).slice(0, SLOWEST).map(({ node, operator, output, ms }) => `${ms.toFixed(3)} ${operator} ${node} ${output}`)
  const told = { profile: manifest.name, precision, provider, ...shape, operators: byOperator, nodes: slowest }
  console.log(JSON.stringify(told, undefined, 1))
} finally {
  await rm(folder, { recursive: true, force: true })
}
