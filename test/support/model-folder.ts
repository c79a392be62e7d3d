/** Copies of the tiny models, damaged. */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export type Json = Record<string, unknown>

/** Change a JSON file in place. */
export async function edit (directory: string, file: string, change: (json: Json) => void): Promise<void> {
  const json = JSON.parse(await readFile(join(directory, file), 'utf8')) as Json
  change(json)
  await writeFile(join(directory, file), JSON.stringify(json))
}

/** Write a file and have the manifest vouch for it, so that no hash gives it away. */
export async function replace (directory: string, file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(join(directory, file), content)
  await edit(directory, 'manifest.json', (manifest) => {
    const bytes = Buffer.from(content)
    Object.assign(manifest['files'] as Json, { [file]: { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length } })
  })
}

/** The same tokenizer with changes that the manifest vouches for. */
export async function editTokenizer (directory: string, change: (json: Json) => void): Promise<void> {
  await edit(directory, 'tokenizer.json', change)
  await replace(directory, 'tokenizer.json', await readFile(join(directory, 'tokenizer.json')))
}

/** The same graph with changes that the manifest vouches for. */
export async function editGraph (directory: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
  await replace(directory, 'step.onnx', change(await readFile(join(directory, 'step.onnx'))))
}

/** One bit of a file is another. */
export function flip (file: string, at: number): (directory: string) => Promise<void> {
  return async (directory) => {
    const bytes = await readFile(join(directory, file))
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await writeFile(join(directory, file), bytes)
  }
}

const METADATA = 14
const GRAPH = 7

/** An ONNX file without what its exporter says about it, as exporters before that wrote it. */
export function withoutMetadata (onnx: Buffer): Buffer {
  return Buffer.concat(fieldsOf(onnx).filter(({ number }) => number !== METADATA).map(({ bytes }) => bytes))
}

/** An ONNX file that says the same of itself, but for this. */
export function withMetadata (onnx: Buffer, key: string, value: unknown): Buffer {
  return Buffer.concat([onnx, message(METADATA, Buffer.concat([text(1, key), text(2, JSON.stringify(value))]))])
}

/** An ONNX file whose graph has one more input. */
export function withInput (onnx: Buffer, name: string): Buffer {
  return Buffer.concat([onnx, message(GRAPH, message(11, text(1, name)))]) // a message that comes twice is merged
}

/** An ONNX file whose graph has one more constant, in a file beside it. */
export function withDataFile (onnx: Buffer, file: string): Buffer {
  const location = message(13, Buffer.concat([text(1, 'location'), text(2, file)]))
  return Buffer.concat([onnx, message(GRAPH, message(5, Buffer.concat([text(8, 'elsewhere'), location])))])
}

/** An ONNX file whose graph has one more operator, of that domain: bare, in a branch of another, or in a function of the model's own. */
export function withOperator (onnx: Buffer, domain: string, where: 'bare' | 'in a branch' | 'in a function'): Buffer {
  const node = message(1, Buffer.concat([text(2, 'unused'), text(4, 'Own'), text(7, domain)]))
  const branch = message(1, Buffer.concat([text(2, 'unused'), text(4, 'If'), message(5, Buffer.concat([text(1, 'then_branch'), message(6, node)]))]))
  if (where === 'in a function') return Buffer.concat([onnx, message(25, message(7, node.subarray(2)))])
  return Buffer.concat([onnx, message(GRAPH, where === 'bare' ? node : branch)])
}

/** An ONNX file with graphs in graphs. */
export function withNestedGraphs (onnx: Buffer, depth: number): Buffer {
  let graph: Buffer = Buffer.alloc(0)
  for (let i = 0; i < depth; i++) graph = message(1, message(5, message(6, graph)))
  return Buffer.concat([onnx, message(GRAPH, graph)])
}

/** An ONNX file with an operator whose constant is in a file beside it. */
export function withConstantFile (onnx: Buffer, file: string): Buffer {
  const location = message(13, Buffer.concat([text(1, 'location'), text(2, file)]))
  const value = message(5, Buffer.concat([text(1, 'value'), message(5, location)]))
  return Buffer.concat([onnx, message(GRAPH, message(1, Buffer.concat([text(2, 'unused'), text(4, 'Constant'), value])))])
}

/** An ONNX file whose next_tokens are twice as long as the canvas, though nothing that it says of itself shows it. */
export function withDoubledTokens (onnx: Buffer): Buffer {
  const renamed = Buffer.from(onnx.toString('latin1').replaceAll('next_tokens', 'half_tokens'), 'latin1')
  const axis = message(5, Buffer.concat([text(1, 'axis'), number(3, 1), number(20, 2)]))
  const node = Buffer.concat([text(1, 'half_tokens'), text(1, 'half_tokens'), text(2, 'next_tokens'), text(4, 'Concat'), axis])
  const output = Buffer.concat([text(1, 'next_tokens'), message(2, message(1, number(1, 7)))])
  return Buffer.concat([renamed, message(GRAPH, Buffer.concat([message(1, node), message(12, output)]))])
}

function number (field: number, value: number): Buffer {
  return Buffer.from([...varint(field * 8), ...varint(value)])
}

function text (number: number, value: string): Buffer {
  return message(number, Buffer.from(value))
}

function message (number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(content.length)]), content])
}

function varint (value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))]
}

function fieldsOf (content: Buffer): Array<{ readonly number: number, readonly bytes: Buffer }> {
  const fields = []
  for (let at = 0; at < content.length;) {
    const begin = at
    const read = (): number => {
      let value = 0
      for (let i = 0; ; i++) {
        const byte = content[at++] ?? 0
        value += (byte & 127) * 128 ** i
        if (byte < 128) return value
      }
    }
    const key = read()
    const value = read()
    if (key % 8 === 2) at += value
    fields.push({ number: Math.floor(key / 8), bytes: content.subarray(begin, at) })
  }
  return fields
}
