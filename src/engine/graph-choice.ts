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
 * GPUs take the graph in float16, or where the model has none the one in float32; CPUs that in float32 or the one with 8-bit products;
 * or whichever is demanded.
 * @param bytesFirst whether this processor is made for 8-bit products
 * @throws Error where what is demanded cannot be had
 */
export function chooseGraphs (
  { name, graph }: Pick<Manifest, 'name' | 'graph'>,
  { precision, executionProvider }: { readonly precision: Precision | 'auto', readonly executionProvider: ExecutionProvider | 'auto' },
  bytesFirst: boolean = hasByteProducts()
): GraphChoices {
  const float32 = { file: graph.file, precision: 'float32' } as const
  const int8 = graph.int8_file === undefined ? undefined : { file: graph.int8_file, precision: 'int8' } as const
  const float16 = graph.float16_file === undefined ? undefined : { file: graph.float16_file, precision: 'float16' } as const
  const missing = (): Error => new Error(`${name} has no graph for ${precision}: export it again with --${precision}, or leave FEWSTEP_PRECISION out`)
  switch (precision) {
    case 'float32':
      return { cpu: [float32], cuda: float32 }
    case 'int8':
      if (executionProvider === 'cuda') throw new Error('int8 is for the CPU: leave FEWSTEP_PRECISION out, or set FEWSTEP_EXECUTION_PROVIDER to cpu')
      if (int8 === undefined) throw missing()
      return { cpu: [int8], cuda: float16 ?? float32 }
    case 'float16':
      if (float16 === undefined) throw missing()
      return { cpu: [float16], cuda: float16 }
    case 'auto':
      return { cpu: int8 === undefined ? [float32] : bytesFirst ? [int8, float32] : [float32, int8], cuda: float16 ?? float32 }
  }
}

/** What a session of the graph reads: the graph itself and, where they do not fit into it, its weights, as in step.onnx.data. */
export function graphFiles (directory: string, { files }: Pick<Manifest, 'files'>, { file }: GraphChoice): GraphFiles {
  const read = Object.entries(files).filter(([name]) => name === file || name.startsWith(`${file}.`))
  return { graph: join(directory, file), hashes: Object.fromEntries(read.map(([name, { sha256 }]) => [join(directory, name), sha256])) }
}
