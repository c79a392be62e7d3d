/** Which of a model's graphs runs on which execution provider. */
import { join } from 'node:path'
import type { Manifest } from '../model/manifest.js'
import type { ExecutionProvider, GraphFiles, Precision } from './worker-protocol.js'

export interface GraphChoice {
  /** In the model's folder. */
  readonly file: string
  readonly precision: Precision
}

/**
 * GPUs take the float32 graph; CPUs the one with 8-bit products, if the model has it and float32 is not demanded.
 * @throws Error where int8 is demanded and cannot be had
 */
export function chooseGraphs (
  { name, graph }: Pick<Manifest, 'name' | 'graph'>,
  { precision, executionProvider }: { readonly precision: Precision | 'auto', readonly executionProvider: ExecutionProvider | 'auto' }
): Readonly<Record<ExecutionProvider, GraphChoice>> {
  const float32 = { file: graph.file, precision: 'float32' } as const
  if (precision === 'int8' && executionProvider === 'cuda') throw new Error('int8 is for the CPU: leave FEWSTEP_PRECISION out, or set FEWSTEP_EXECUTION_PROVIDER to cpu')
  if (precision === 'int8' && graph.int8_file === undefined) throw new Error(`${name} has no graph for int8: export it again with --int8, or leave FEWSTEP_PRECISION out`)
  const cpu = precision === 'float32' || graph.int8_file === undefined ? float32 : { file: graph.int8_file, precision: 'int8' } as const
  return { cpu, cuda: float32 }
}

/** What a session of the graph reads: the graph itself and, where they do not fit into it, its weights, as in step.onnx.data. */
export function graphFiles (directory: string, { files }: Pick<Manifest, 'files'>, { file }: GraphChoice): GraphFiles {
  const read = Object.entries(files).filter(([name]) => name === file || name.startsWith(`${file}.`))
  return { graph: join(directory, file), hashes: Object.fromEntries(read.map(([name, { sha256 }]) => [join(directory, name), sha256])) }
}
