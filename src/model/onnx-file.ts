/** What an ONNX file says of its graph, without the numbers of its weights. Fields are numbered as in onnx.proto. */
import { openFile, problem } from './files.js'
import { reachOf, type OnnxReach } from './onnx-reach.js'
import { MalformedMessage, ProtobufFile, type Span } from './protobuf.js'

export interface OnnxValue {
  /** TensorProto.DataType; 0: not said. */
  readonly type: number
  /** undefined: not said. */
  readonly rank: number | undefined
}

export interface OnnxNode {
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

export interface OnnxTensor {
  readonly dims: readonly number[]
  /** Its value, where it is a lone int64. */
  readonly integer: number | undefined
}

export interface OnnxFile extends OnnxReach {
  /** Version of the standard operators. */
  readonly opset: number | undefined
  readonly metadata: ReadonlyMap<string, string>
  readonly inputs: ReadonlyMap<string, OnnxValue>
  readonly outputs: ReadonlyMap<string, OnnxValue>
  readonly nodes: readonly OnnxNode[]
  /** Weights and constants by name. */
  readonly tensors: ReadonlyMap<string, OnnxTensor>
}

const INT64 = 7

/** @throws Error with one sentence that names the file */
export async function readOnnxFile (file: string): Promise<OnnxFile> {
  const handle = await openFile(file)
  try {
    const { size } = await handle.stat()
    if (size === 0) throw problem(file, 'it is empty')
    const bytes = new ProtobufFile(handle.fd, size)
    const model = { ...modelOf(bytes), ...reachOf(bytes) }
    if (model.nodes.length === 0) throw new MalformedMessage()
    return model
  } catch (error) {
    throw error instanceof MalformedMessage ? problem(file, 'it is no ONNX graph, or cut short', error) : error
  } finally {
    await handle.close()
  }
}

function modelOf (file: ProtobufFile): Omit<OnnxFile, keyof OnnxReach> {
  const model = {
    opset: undefined as number | undefined,
    metadata: new Map<string, string>(),
    inputs: new Map<string, OnnxValue>(),
    outputs: new Map<string, OnnxValue>(),
    nodes: [] as OnnxNode[],
    tensors: new Map<string, OnnxTensor>()
  }
  const addTensor = (span: Span): void => {
    const { name, ...tensor } = tensorOf(file, span)
    model.tensors.set(name, tensor)
  }
  file.read(file.whole, {
    7: (graph) => {
      file.read(graph, {
        1: (node) => { model.nodes.push(nodeOf(file, node)) },
        5: addTensor,
        11: (input) => { model.inputs.set(...valueOf(file, input)) },
        12: (output) => { model.outputs.set(...valueOf(file, output)) }
      })
    },
    8: (operators) => {
      const { domain, version } = operatorsOf(file, operators)
      if (domain === '' || domain === 'ai.onnx') model.opset = version
    },
    14: (entry) => { model.metadata.set(...entryOf(file, entry)) }
  })
  // Before version 4 of the format constants were listed as inputs, too.
  for (const name of model.tensors.keys()) model.inputs.delete(name)
  return model
}

function nodeOf (file: ProtobufFile, span: Span): OnnxNode {
  const inputs: string[] = []
  const outputs: string[] = []
  let operator = ''
  file.read(span, {
    1: (field) => { inputs.push(file.text(field)) },
    2: (field) => { outputs.push(file.text(field)) },
    4: (field) => { operator = file.text(field) }
  })
  return { operator, inputs, outputs }
}

function tensorOf (file: ProtobufFile, span: Span): OnnxTensor & { readonly name: string } {
  const dims: number[] = []
  let [name, type] = ['', 0]
  let integer: number | undefined
  file.read(span, {
    1: (field) => { dims.push(...file.numbers(field)) },
    2: (field) => { type = field.value ?? 0 },
    8: (field) => { name = file.text(field) },
    9: (field) => { if (field.end - field.begin === 8) integer = Number(file.bytes(field).readBigInt64LE()) }
  })
  return { name, dims, integer: type === INT64 ? integer : undefined }
}

function valueOf (file: ProtobufFile, span: Span): [string, OnnxValue] {
  let [name, type] = ['', 0]
  let rank: number | undefined
  file.read(span, {
    1: (field) => { name = file.text(field) },
    2: (typeField) => {
      file.read(typeField, {
        1: (tensorType) => {
          file.read(tensorType, {
            1: (field) => { type = field.value ?? 0 },
            2: (shape) => {
              let dimensions = 0
              file.read(shape, { 1: () => { dimensions++ } })
              rank = dimensions
            }
          })
        }
      })
    }
  })
  return [name, { type, rank }]
}

function operatorsOf (file: ProtobufFile, span: Span): { readonly domain: string, readonly version: number | undefined } {
  let domain = ''
  let version: number | undefined
  file.read(span, {
    1: (field) => { domain = file.text(field) },
    2: (field) => { version = field.value }
  })
  return { domain, version }
}

function entryOf (file: ProtobufFile, span: Span): [string, string] {
  let [key, value] = ['', '']
  file.read(span, {
    1: (field) => { key = file.text(field) },
    2: (field) => { value = file.text(field) }
  })
  return [key, value]
}
