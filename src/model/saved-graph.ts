/** ONNX graphs as ONNX Runtime saves them, put right so that it can load them. Fields are numbered as in onnx.proto. */

/** What its CPU kernels read packed weights by. */
const ALIGNMENT = 64

const LENGTH_DELIMITED = 2
/** Bytes of the contents whose length is no part of the message, by wire type. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 }

interface Field {
  readonly number: number
  /** Its number and length included. */
  readonly whole: Buffer
  /** Empty where it is a number. */
  readonly content: Buffer
}

type Changes = Readonly<Record<number, (content: Buffer) => Buffer>>

/**
 * ONNX Runtime up to 1.30 writes the initialisers of a graph inside a node, such as a branch of an If, twice when it saves weights beside
 * the graph (github.com/microsoft/onnxruntime/pull/32474), and then refuses to load that. The first of two has the data of the graph
 * that was loaded, the second that of the file that was saved.
 * @param model a ModelProto
 * @returns the same with every initialiser once
 * @throws RangeError where it is none
 */
export function withoutRepeats (model: Buffer): Buffer {
  return changed(model, { 7: graphWithoutRepeats })
}

function graphWithoutRepeats (graph: Buffer): Buffer {
  const fields = fieldsOf(graph)
  const last = new Map<string, Field>()
  for (const field of fields) if (field.number === 5) last.set(nameOf(field), field)
  const kept = fields.filter((field) => field.number !== 5 || last.get(nameOf(field)) === field)
  const attribute = (content: Buffer): Buffer => changed(content, { 6: graphWithoutRepeats, 11: graphWithoutRepeats })
  return changed(Buffer.concat(kept.map(({ whole }) => whole)), { 1: (node) => changed(node, { 5: attribute }) })
}

/**
 * Packed weights are saved on no boundary where they are few, and kernels that are given them then crash.
 * @param model a ModelProto whose weights lie beside it, packed ones too
 */
export function packedAreAligned (model: Buffer): boolean {
  return within(within(within([model], 7), 5), 13)
    .map((entry) => [1, 2].map((number) => within([entry], number).join('')) as [string, string])
    .filter(([key]) => key.startsWith('prepacked'))
    // KERNEL+HASH, then OFFSET;LENGTH;CHECKSUM of each block.
    .flatMap(([, value]) => value.split('|').slice(1))
    .every((block) => Number.parseInt(block, 10) % ALIGNMENT === 0)
}

/** The contents of all fields of that number. */
function within (messages: readonly Buffer[], number: number): Buffer[] {
  return messages.flatMap((message) => fieldsOf(message).flatMap((field) => field.number === number ? [field.content] : []))
}

function nameOf ({ content: tensor }: Field): string {
  return within([tensor], 8).join('')
}

function changed (message: Buffer, changes: Changes): Buffer {
  return Buffer.concat(fieldsOf(message).map(({ number, whole, content }) => {
    const after = changes[number]?.(content)
    if (after === undefined || after.equals(content)) return whole
    return Buffer.concat([varint(8 * number + LENGTH_DELIMITED), varint(after.length), after])
  }))
}

/** @throws RangeError where they do not lie one after another up to the message's end */
function fieldsOf (message: Buffer): Field[] {
  const fields: Field[] = []
  for (let at = 0; at < message.length;) {
    const begin = at
    const next = (): number => {
      let value = 0
      for (let i = 0; i < 10; i++) {
        const byte = message.readUInt8(at++)
        value += (byte & 0x7f) * 2 ** (7 * i)
        if (byte < 0x80) return value
      }
      throw new RangeError('a number of more than 64 bits')
    }
    const key = next()
    const wireType = key % 8
    if (wireType === 0) next()
    const length = wireType === LENGTH_DELIMITED ? next() : FIXED[wireType] ?? 0
    const end = at + length
    if (end > message.length) throw new RangeError('a field beyond the end of its message')
    fields.push({ number: Math.floor(key / 8), whole: message.subarray(begin, end), content: message.subarray(at, end) })
    at = end
  }
  return fields
}

function varint (value: number): Buffer {
  const bytes: number[] = []
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push(value % 0x80 + 0x80)
  return Buffer.from([...bytes, value])
}
