/** The tensors that every model takes and gives. */
import type { TextOutput } from '../../generation/index.js'
import type { Datatype, Element } from './tensor-data.js'

/** One text: what varies from text to text, its options, belongs to a request. */
export const INPUT = { name: 'text_input', datatype: 'BYTES', shape: [1] }

export interface OutputTensor {
  readonly name: string
  readonly datatype: Datatype
  /** Its element for one of the outputs. */
  readonly of: (output: TextOutput) => Element
}

/** Each has an element for each of the `n` outputs. */
export const OUTPUTS: readonly OutputTensor[] = [
  { name: 'text_output', datatype: 'BYTES', of: ({ text }) => text },
  { name: 'finish_reason', datatype: 'BYTES', of: ({ finishReason }) => finishReason },
  { name: 'seed', datatype: 'INT64', of: ({ seed }) => seed },
  { name: 'steps', datatype: 'INT32', of: ({ steps }) => steps }
]
export const OUTPUT_NAMES = OUTPUTS.map(({ name }) => name)
