/** Between tensors and the generation room's own values. */
import { FewstepError } from '../../errors.js'
import type { TextOutput } from '../../generation/index.js'
import { OUTPUTS } from './model-tensors.js'
import { decodeText, encodeElements } from './tensor-data.js'
import type { InferAnswer, InferBody, RequestTensor } from './schemas/infer.js'

/**
 * @param binary what follows the JSON
 * @throws FewstepError invalid_request
 */
export function textOf ({ shape, data, parameters: { binary_data_size: size } = {} }: RequestTensor, binary: Buffer): string {
  if (shape.some((dimension) => dimension !== 1)) {
    throw invalid(`inputs[0][shape] is [${shape.join(', ')}], but text_input is one text: send [1], and a request for each text`)
  }
  if ((data === undefined) === (size === undefined)) {
    const has = data === undefined ? 'neither data nor' : 'both data and'
    throw invalid(`inputs[0] has ${has} parameters[binary_data_size]; send one of them`)
  }
  if (binary.length !== (size ?? 0)) {
    throw invalid(`${binary.length} bytes follow the JSON, but parameters[binary_data_size] of inputs[0] is ${size ?? 'left out'}`)
  }
  const text = data === undefined ? decodeText(binary) : data.flat()[0]
  if (text !== undefined) return text
  throw invalid('the binary data of inputs[0] are not one text: its length in bytes, as four of them, and its UTF-8')
}

function invalid (message: string): FewstepError {
  return new FewstepError('invalid_request', message, { field: 'inputs' })
}

type AnsweredTensor = InferAnswer['outputs'][number]

export interface Tensors {
  readonly outputs: AnsweredTensor[]
  /** Of those that are sent so, one after another. */
  readonly binary: readonly Buffer[]
}

/** The tensors that were asked for, in the order of asking. */
export function toTensors (outputs: readonly TextOutput[], { outputs: asked = [], parameters = {} }: InferBody): Tensors {
  const binary: Buffer[] = []
  const wanted: NonNullable<InferBody['outputs']> = asked.length > 0 ? asked : OUTPUTS.map(({ name }) => ({ name }))
  const tensors = wanted.flatMap(({ name, parameters: { binary_data: isBinary = parameters.binary_data_output } = {} }) =>
    OUTPUTS.filter((tensor) => tensor.name === name).map(({ datatype, of }): AnsweredTensor => {
      const data = outputs.map(of)
      const head = { name, shape: [data.length], datatype }
      if (isBinary !== true) return { ...head, data }
      const bytes = encodeElements(datatype, data)
      binary.push(bytes)
      return { ...head, parameters: { binary_data_size: bytes.length } }
    }))
  return { outputs: tensors, binary }
}
