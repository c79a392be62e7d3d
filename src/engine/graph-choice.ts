/** Which of a model's graphs may run on which execution provider. */
import { join } from 'node:path'
import type { Manifest } from '../model/manifest.js'
import { hasByteProducts } from './processor.js'
import type { ExecutionProvider, GraphFiles, Precision } from './worker-protocol.js'

export interface GraphChoice {
  /** In the model's folder. */
  readonly file: string
  readonly precision: Precision
}

export interface GraphChoices {
  /** Where there are two, measurement decides; the first where nothing is measured. */
  readonly cpu: readonly [GraphChoice, ...GraphChoice[]]
  readonly cuda: GraphChoice
}

/**
 * GPUs take the float32 graph; CPUs that or the one with 8-bit products, as demanded or as the model has them.
 * @param bytesFirst whether this processor is made for 8-bit products
 * @throws Error where int8 is demanded and cannot be had
 */
export function chooseGraphs (
  { name, graph }: Pick<Manifest, 'name' | 'graph'>,
  { precision, executionProvider }: { readonly precision: Precision | 'auto', readonly executionProvider: ExecutionProvider | 'auto' },
  bytesFirst: boolean = hasByteProducts()
): GraphChoices {
  const float32 = { file: graph.file, precision: 'float32' } as const
  if (precision === 'int8' && executionProvider === 'cuda') throw new Error('int8 is for the CPU: leave FEWSTEP_PRECISION out, or set FEWSTEP_EXECUTION_PROVIDER to cpu')
  if (precision === 'int8' && graph.int8_file === undefined) throw new Error(`${name} has no graph for int8: export it again with --int8, or leave FEWSTEP_PRECISION out`)
  if (precision === 'float32' || graph.int8_file === undefined) return { cpu: [float32], cuda: float32 }
  const int8 = { file: graph.int8_file, precision: 'int8' } as const
  if (precision === 'int8') return { cpu: [int8], cuda: float32 }
  return { cpu: bytesFirst ? [int8, float32] : [float32, int8], cuda: float32 }
}

/** What a session of the graph reads: the graph itself and, where they do not fit into it, its weights, as in step.onnx.data. */
export function graphFiles (directory: string, { files }: Pick<Manifest, 'files'>, { file }: GraphChoice): GraphFiles {
  const read = Object.entries(files).filter(([name]) => name === file || name.startsWith(`${file}.`))
  return { graph: join(directory, file), hashes: Object.fromEntries(read.map(([name, { sha256 }]) => [join(directory, name), sha256])) }
}
