/** What an ONNX file reaches for beyond itself, however deep inside it says so: operators' domains and files of weights. */
import { MalformedMessage, type ProtobufFile, type Span } from './protobuf.js'

/** Graphs in graphs: deeper than any exporter nests branches and loops, and far from the end of the stack. */
const MAX_DEPTH = 32

export interface OnnxReach {
  /** Of all operators, those of branches, loops and functions too; '' are ONNX' own. */
  readonly domains: ReadonlySet<string>
  /** Files beside it that hold weights or constants. */
  readonly dataFiles: ReadonlySet<string>
}

/** @throws MalformedMessage */
export function reachOf (file: ProtobufFile): OnnxReach {
  const reader = new ReachReader(file)
  file.read(file.whole, {
    7: (graph) => { reader.graph(graph, 0) },
    25: (definition) => { reader.definition(definition) }
  })
  return reader
}

class ReachReader implements OnnxReach {
  readonly domains = new Set<string>()
  readonly dataFiles = new Set<string>()
  readonly #file: ProtobufFile

  constructor (file: ProtobufFile) {
    this.#file = file
  }

  graph (span: Span, depth: number): void {
    if (depth > MAX_DEPTH) throw new MalformedMessage()
    this.#file.read(span, {
      1: (node) => { this.#node(node, depth) },
      5: (tensor) => { this.#tensor(tensor) },
      15: (sparse) => { this.#sparse(sparse) }
    })
  }

  /** Of a function, which a model may bring along. */
  definition (span: Span): void {
    this.#file.read(span, { 7: (node) => { this.#node(node, 0) } })
  }

  #node (span: Span, depth: number): void {
    let domain = ''
    this.#file.read(span, {
      5: (attribute) => { this.#attribute(attribute, depth + 1) },
      7: (field) => { domain = this.#file.text(field) }
    })
    this.domains.add(domain)
  }

  #attribute (span: Span, depth: number): void {
    const graph = (inner: Span): void => { this.graph(inner, depth) }
    const tensor = (inner: Span): void => { this.#tensor(inner) }
    const sparse = (inner: Span): void => { this.#sparse(inner) }
    this.#file.read(span, { 5: tensor, 6: graph, 10: tensor, 11: graph, 22: sparse, 23: sparse })
  }

  #sparse (span: Span): void {
    this.#file.read(span, { 1: (values) => { this.#tensor(values) }, 2: (indices) => { this.#tensor(indices) } })
  }

  #tensor (span: Span): void {
    this.#file.read(span, { 13: (entry) => { this.#location(entry) } })
  }

  #location (span: Span): void {
    let [key, value] = ['', '']
    this.#file.read(span, {
      1: (field) => { key = this.#file.text(field) },
      2: (field) => { value = this.#file.text(field) }
    })
    if (key === 'location') this.dataFiles.add(value)
  }
}
