/** What can be told from a step graph's nodes: what it can take, whatever its manifest says. */
import type { OnnxFile, OnnxTensor } from './onnx-file.js'

export interface GraphFacts {
  /** Rows of the token embedding: ids from this on do not exist. */
  readonly embeddingRows: number | undefined
  /** Positions that it has rotary angles for. */
  readonly positions: number | undefined
  /** The token that it takes for a mask. */
  readonly maskTokenId: number | undefined
}

/** What a weight goes through on its way from the file to its use. */
const UNPACKING = new Set(['Cast', 'Mul', 'Identity', 'DequantizeLinear'])

/** Facts that the graph does not show are undefined: another exporter's graph may say the same in other words. */
export function factsOf ({ nodes, tensors }: OnnxFile): GraphFacts {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node])))
  const weight = (name: string, depth = 0): OnnxTensor | undefined => {
    const producer = producers.get(name)
    if (producer === undefined || !UNPACKING.has(producer.operator) || depth > UNPACKING.size) return tensors.get(name)
    return weight(producer.inputs[0] ?? '', depth + 1)
  }
  const lookUps = nodes.filter(({ operator, inputs }) => operator === 'Gather' && inputs[1] === 'tokens')
  const rotations = nodes.filter(({ operator }) => operator === 'RotaryEmbedding')
  const comparisons = nodes.filter(({ operator, inputs }) => operator === 'Equal' && inputs[0] === 'tokens')
  return {
    embeddingRows: smallest(lookUps.map(({ inputs }) => weight(inputs[0] ?? '')?.dims[0])),
    positions: smallest(rotations.map(({ inputs }) => weight(inputs[2] ?? '')?.dims[0])),
    maskTokenId: smallest(comparisons.map(({ inputs }) => tensors.get(inputs[1] ?? '')?.integer))
  }
}

function smallest (values: ReadonlyArray<number | undefined>): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
