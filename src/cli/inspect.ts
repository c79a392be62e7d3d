/** `fewstep inspect MODEL`: what a model's folder holds. */
import { join, resolve } from 'node:path'
import { supportsOf, type Supports } from '../http/native/supports.js'
import { factsOf } from '../model/graph-facts.js'
import { endOfTextTokenIds, graphsOf, readManifest, type Manifest } from '../model/manifest.js'
import { loadModel, type Model } from '../model/model.js'
import { readOnnxFile } from '../model/onnx-file.js'
import { tunedBudgets } from '../model/tuned-schedules.js'
import type { Arguments } from './arguments.js'
import { print } from './print.js'
import { printable, printableJson } from './printable.js'
import { UsageError } from './usage-error.js'

/** TensorProto.DataType, those that graphs have. */
const TYPES: Readonly<Record<number, string>> = { 1: 'float32', 2: 'uint8', 3: 'int8', 6: 'int32', 7: 'int64', 9: 'bool', 10: 'float16', 16: 'bfloat16' }
const SAMPLE = 'Once upon a time there was a little girl.'

interface GraphReport {
  readonly file: string
  readonly precision: string
  readonly opset: number | null
  readonly inputs: Readonly<Record<string, string>>
  readonly outputs: Readonly<Record<string, string>>
  readonly nodes: number
  /** How often each is used, the most frequent first. */
  readonly operators: Readonly<Record<string, number>>
  readonly tensors: number
  readonly embedding_rows: number | null
  /** That it has angles for. */
  readonly positions: number | null
  readonly metadata: Readonly<Record<string, string>>
}

interface TokenizerReport {
  readonly vocab_size: number
  readonly mask_token_id: number | null
  readonly end_of_text: ReadonlyArray<{ readonly id: number }>
  /** Tokens of an English sentence, as it takes them apart. */
  readonly sample: readonly string[]
  readonly characters_per_token: number
  readonly chat_template: boolean
}

interface Report {
  readonly folder: string
  readonly manifest: Manifest
  readonly supports: Supports
  readonly graphs: readonly GraphReport[]
  readonly tokenizer: TokenizerReport | null
  /** Why the service would refuse it; null: it would not. */
  readonly problem: string | null
}

/**
 * Also prints what can be read of a model that would be refused, and then throws.
 * @throws UsageError; Error where it cannot be read at all, or would be refused
 */
export async function inspect (given: Arguments): Promise<void> {
  const [folder, second] = given.operands
  if (folder === undefined) throw new UsageError('the model is missing: fewstep inspect FOLDER')
  if (second !== undefined) throw new UsageError(`one model is shown at a time; ${second} is one too many`)
  const report = await examine(resolve(folder))
  print(given.flag('json') ? `${printableJson(report)}\n` : textOf(report))
  if (report.problem !== null) throw new Error(report.problem)
}

async function examine (folder: string): Promise<Report> {
  const manifest = await readManifest(folder)
  const loaded = await loadModel(folder).then((model) => ({ model }), (error: unknown) => ({ problem: (error as Error).message }))
  const graphs = await Promise.all(graphsOf(manifest).map(async ({ file, precision }) =>
    await graphReport(folder, file, precision).catch(() => undefined)))
  return {
    folder,
    manifest,
    supports: supportsOf(manifest),
    graphs: graphs.filter((graph) => graph !== undefined),
    tokenizer: 'model' in loaded ? tokenizerReport(loaded.model) : null,
    problem: 'problem' in loaded ? loaded.problem : null
  }
}

async function graphReport (folder: string, name: string, precision: string): Promise<GraphReport> {
  const graph = await readOnnxFile(join(folder, name))
  const values = (all: ReadonlyMap<string, { readonly type: number, readonly rank: number | undefined }>): Record<string, string> =>
    Object.fromEntries([...all].map(([name, { type, rank }]) => [name, `${TYPES[type] ?? `type ${type}`}${rank === undefined ? '' : `, ${rank} ${rank === 1 ? 'axis' : 'axes'}`}`]))
  const counts = new Map<string, number>()
  for (const { operator } of graph.nodes) counts.set(operator, (counts.get(operator) ?? 0) + 1)
  const { embeddingRows, positions } = factsOf(graph)
  return {
    file: name,
    precision,
    opset: graph.opset ?? null,
    inputs: values(graph.inputs),
    outputs: values(graph.outputs),
    nodes: graph.nodes.length,
    operators: Object.fromEntries([...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))),
    tensors: graph.tensors.size,
    embedding_rows: embeddingRows ?? null,
    positions: positions ?? null,
    metadata: Object.fromEntries(graph.metadata)
  }
}

function tokenizerReport ({ manifest, tokenizer, chat }: Model): TokenizerReport {
  const sample = tokenizer.pieces(tokenizer.encode(SAMPLE), { given: true })
  return {
    vocab_size: manifest.vocab_size,
    mask_token_id: manifest.mask_token_id,
    end_of_text: endOfTextTokenIds(manifest).map((id) => ({ id })),
    sample,
    characters_per_token: Math.round(100 * SAMPLE.length / sample.length) / 100,
    chat_template: chat.source !== null
  }
}

function textOf ({ folder, manifest, supports, graphs, tokenizer, problem }: Report): string {
  const { defaults, trained_step_sizes: sizes } = manifest
  const lines: Array<readonly [head: string, text: string]> = [
    [manifest.name, folder],
    ['algorithm', `${manifest.algorithm}, ${manifest.source_distribution} source, scheduler t^${manifest.exponent}`],
    ['shape', `canvas of ${manifest.max_length} tokens, vocabulary of ${manifest.vocab_size}`],
    ['parameters', manifest.parameters.toLocaleString('en')],
    ['defaults', Object.entries(defaults).map(([name, value]) => `${name} ${value}`).join(', ')],
    ['trained for', sizes.length === 0 ? 'steps of any size' : `steps of ${sizes.map((size) => `1/${Math.round(1 / size)}`).join(', ')}`],
    ...tunedBudgets(manifest.schedules).map(({ steps, stepSizes, byDefault }, i) =>
      [i === 0 ? 'tuned' : '', `${steps} steps: ${stepSizes.join(', ')}${byDefault ? ' (by default)' : ''}`] as const),
    ['supports', supported(supports)],
    ...graphs.flatMap(graphLines),
    ...(tokenizer === null ? [] : tokenizerLines(tokenizer)),
    ...Object.entries(manifest.files).map(([name, { bytes, sha256 }], i) =>
      [i === 0 ? 'files' : '', `${sha256}  ${name} (${bytes.toLocaleString('en')} bytes)`] as const),
    ['', problem === null ? 'all of them are as the manifest says' : `it would be refused: ${problem}`]
  ]
  const width = Math.max(...lines.map(([head]) => head.length)) + 2
  return lines.map(([head, text]) => `${head.padEnd(width)}${printable(text).replaceAll('\n', ' ')}\n`).join('')
}

function supported ({ block_length: { max }, ...able }: Supports): string {
  const named = Object.entries(able).flatMap(([name, isAble]) => isAble ? [name] : [])
  return [...named, `longer texts in blocks of up to ${max} tokens`].join(', ')
}

function graphLines (graph: GraphReport): Array<readonly [string, string]> {
  const values = (all: Readonly<Record<string, string>>): string => Object.entries(all).map(([name, type]) => `${name} (${type})`).join(', ')
  return [
    [graph.file, `${graph.precision} products, opset ${graph.opset ?? 'unknown'}, ${graph.nodes} nodes, ${graph.tensors} tensors`],
    ['  inputs', values(graph.inputs)],
    ['  outputs', values(graph.outputs)],
    ['  operators', Object.entries(graph.operators).map(([name, count]) => `${name} ${count}`).join(', ')]
  ]
}

function tokenizerLines (report: TokenizerReport): Array<readonly [string, string]> {
  const { mask_token_id: mask, end_of_text: ends, sample, characters_per_token: characters } = report
  return [
    ['tokenizer', `byte-level BPE, mask ${mask ?? 'none'}, end of text ${ends.length === 0 ? 'none' : ends.map(({ id }) => id).join(', ')}`],
    ['  sample', `${sample.join('|')} (${characters} characters a token)`]
  ]
}
