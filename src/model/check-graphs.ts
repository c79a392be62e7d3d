/** A model's graphs against its manifest: what the one says of the other must be so. */
import { join } from 'node:path'
import { problem } from './files.js'
import { factsOf } from './graph-facts.js'
import { canScore, graphsOf, manifestFile, revealsSure, type Manifest, type NamedGraph } from './manifest.js'
import { readOnnxFile, type OnnxFile, type OnnxValue } from './onnx-file.js'
import { shown } from './quote.js'

const [FLOAT, INT64, BOOL] = [1, 7, 9]
const TYPES: Readonly<Record<number, string>> = { [FLOAT]: 'float32', [INT64]: 'int64', [BOOL]: 'bool' }

/** Type and number of axes, as docs/architecture.md describes them. */
type Contract = Readonly<Record<string, readonly [type: number, rank: number]>>
const INPUTS: Contract = {
  tokens: [INT64, 2],
  length: [INT64, 1],
  t: [FLOAT, 1],
  h: [FLOAT, 1],
  editable: [BOOL, 2],
  temperature: [FLOAT, 1],
  top_k: [INT64, 1],
  top_p: [FLOAT, 1],
  solver: [INT64, 1],
  noise: [FLOAT, 3],
  filter: [BOOL, 0]
}
const OUTPUTS: Contract = { next_tokens: [INT64, 2], confidence: [FLOAT, 2] }
/** From version 2 on. */
const SCORING = { inputs: { targets: [INT64, 2] }, outputs: { target_logprob: [FLOAT, 2] } } as const satisfies Record<string, Contract>

/** From version 3 on, of masked diffusion. Whether a graph that has it does what `algorithm` says, its trial step shows. */
const REVEALING = { reveal_above: [FLOAT, 1] } as const satisfies Contract

/** Metadata that the exporter writes into a graph, each value in JSON, and what the manifest says of the same thing. */
const METADATA: Readonly<Record<string, (manifest: Manifest) => unknown>> = {
  algorithm: ({ algorithm }) => algorithm,
  source_distribution: ({ source_distribution: source }) => source,
  exponent: ({ exponent }) => exponent,
  vocab_size: ({ vocab_size: size }) => size,
  mask_token_id: ({ mask_token_id: mask }) => mask,
  parameters: ({ parameters }) => parameters
}
const PREFIX = 'fewstep.'

/** Operators that ONNX Runtime brings along. Those of any other domain would be code that comes with a model. */
const DOMAINS = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft'])

/**
 * Reads the graphs' own words, not their weights: it takes milliseconds, and no session.
 * @throws Error with one sentence: the file, and what contradicts what
 */
export async function checkGraphs (directory: string, manifest: Manifest): Promise<void> {
  for (const graph of graphsOf(manifest)) await checkGraph(directory, manifest, graph)
}

async function checkGraph (directory: string, manifest: Manifest, named: NamedGraph): Promise<void> {
  const { file: name, precision: compute } = named
  const file = join(directory, name)
  const graph = await readOnnxFile(file)
  const domain = [...graph.domains].find((each) => !DOMAINS.has(each))
  if (domain !== undefined) throw problem(file, `it uses an operator of the domain ${shown(domain)}: only ONNX' own and ONNX Runtime's are run, none that comes with a model`)
  const { version } = manifest.graph
  const said = saidOf(graph, 'graph.version')
  if (said !== undefined && said !== version) {
    throw problem(manifestFile(directory), `graph.version is ${version}, but ${name} says ${shown(said)}`)
  }
  const { inputs, outputs } = canScore(manifest) ? SCORING : { inputs: {}, outputs: {} }
  const revealing = revealsSure(manifest) || (version >= 3 && graph.inputs.has('reveal_above')) ? REVEALING : {}
  const foreign = wrongValue('input', { ...INPUTS, ...inputs, ...revealing }, graph.inputs, true) ??
    wrongValue('output', { ...OUTPUTS, ...outputs }, graph.outputs, false)
  if (foreign !== undefined) throw problem(file, `${foreign}: it is no step graph of fewstep`)
  const other = saidOf(graph, 'compute')
  if (other !== undefined && other !== compute) throw problem(file, `it computes in ${shown(other)}, but the manifest names it as the graph that computes in ${compute}`)
  const contradiction = structural(graph, manifest, named) ?? described(graph, manifest, name)
  if (contradiction !== undefined) throw problem(manifestFile(directory), contradiction)
}

function wrongValue (side: string, contract: Contract, values: ReadonlyMap<string, OnnxValue>, complete: boolean): string | undefined {
  for (const [name, [type, rank]] of Object.entries(contract)) {
    const value = values.get(name)
    if (value === undefined) return `it has no ${side} ${name}`
    if (value.type !== type) return `its ${side} ${name} is ${TYPES[value.type] ?? 'of another type'}, not ${TYPES[type]}`
    if (value.rank !== undefined && value.rank !== rank) return `its ${side} ${name} has ${value.rank} axes, not ${rank}`
  }
  const surplus = complete ? [...values.keys()].find((name) => !Object.hasOwn(contract, name)) : undefined
  return surplus === undefined ? undefined : `it has an ${side} ${shown(surplus)}`
}

/** What its nodes and constants show. */
function structural (graph: OnnxFile, manifest: Manifest, { file: name, opset, precision }: NamedGraph): string | undefined {
  const { vocab_size: size, mask_token_id: mask, max_length: length, files } = manifest
  const { embeddingRows, positions, maskTokenId } = factsOf(graph)
  const rows = Math.max(size, (mask ?? 0) + 1)
  const data = [...graph.dataFiles].find((each) => !Object.hasOwn(files, each))
  if (data !== undefined) return `files does not list ${shown(data)}, where ${name} has its weights`
  if (graph.opset !== undefined && graph.opset !== opset) {
    return `graph.${precision === 'float16' ? 'float16_opset' : 'opset'} is ${opset}, but that of ${name} is ${graph.opset}`
  }
  if (embeddingRows !== undefined && embeddingRows !== rows) {
    return `vocab_size is ${size}${mask === null ? '' : ` and mask_token_id ${mask}`}, which takes an embedding of ${rows} rows, but that of ${name} has ${embeddingRows}`
  }
  if (maskTokenId !== undefined && maskTokenId !== mask) return `mask_token_id is ${mask}, but the mask token of ${name} is ${maskTokenId}`
  if (positions !== undefined && length > positions) return `max_length is ${length}, but ${name} has ${positions} positions`
  return undefined
}

/** What its metadata says, if it has any. */
function described (graph: OnnxFile, manifest: Manifest, name: string): string | undefined {
  for (const [field, read] of Object.entries(METADATA)) {
    const said = saidOf(graph, field)
    if (said !== undefined && said !== read(manifest)) return `${field} is ${shown(read(manifest))}, but ${name} says ${shown(said)}`
  }
  const length = saidOf(graph, 'max_length')
  if (typeof length === 'number' && length < manifest.max_length) return `max_length is ${manifest.max_length}, but ${name} says ${length}`
  const pair = saidOf(graph, 'tokenizer_sha256')
  const { tokenizer, files } = manifest
  if (typeof pair === 'string' && tokenizer !== null && files[tokenizer]?.sha256 !== pair) {
    return `tokenizer is ${shown(tokenizer)}, but ${name} was exported with another one (sha256 ${shown(pair)}); export it again with --tokenizer`
  }
  return undefined
}

function saidOf ({ metadata }: OnnxFile, field: string): unknown {
  const text = metadata.get(PREFIX + field)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
