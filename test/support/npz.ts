/** Reads the golden tables: .npz files (zip archives of .npy arrays), little-endian numbers only. */
import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'

export interface NpyArray {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

const CENTRAL_ENTRY = 0x02014b50
const END_OF_DIRECTORY = 0x06054b50

/** Bytes of every member of a zip archive, by name. */
function readZip (file: Buffer): Map<string, Buffer> {
  const end = file.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (end < 0 || file.readUInt32LE(end) !== END_OF_DIRECTORY) throw new Error('not a zip archive')
  const members = new Map<string, Buffer>()
  let at = file.readUInt32LE(end + 16)
  while (file.readUInt32LE(at) === CENTRAL_ENTRY) {
    const method = file.readUInt16LE(at + 10)
    const packedSize = file.readUInt32LE(at + 20)
    const nameLength = file.readUInt16LE(at + 28)
    const local = file.readUInt32LE(at + 42)
    const name = file.toString('utf8', at + 46, at + 46 + nameLength)
    // The local header repeats the name and has an extra field of its own length.
    const begin = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28)
    const packed = file.subarray(begin, begin + packedSize)
    members.set(name, method === 0 ? packed : inflateRawSync(packed))
    at += 46 + nameLength + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32)
  }
  return members
}

const READERS: Record<string, { size: number, read: (view: DataView, at: number) => number }> = {
  '<f4': { size: 4, read: (view, at) => view.getFloat32(at, true) },
  '<f8': { size: 8, read: (view, at) => view.getFloat64(at, true) },
  '<i8': { size: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  '<i4': { size: 4, read: (view, at) => view.getInt32(at, true) }
}

function parseNpy (bytes: Buffer): NpyArray {
  const headerLength = bytes.readUInt16LE(8)
  const header = bytes.toString('latin1', 10, 10 + headerLength)
  const descr = /'descr': '([^']+)'/.exec(header)?.[1] ?? ''
  const reader = READERS[descr]
  if (reader === undefined || !header.includes("'fortran_order': False")) throw new Error(`unsupported array: ${header}`)
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '').split(',').filter((s) => s.trim() !== '').map(Number)
  const count = shape.reduce((a, b) => a * b, 1)
  const view = new DataView(bytes.buffer, bytes.byteOffset + 10 + headerLength)
  return { shape, data: Float64Array.from({ length: count }, (_, i) => reader.read(view, i * reader.size)) }
}

export class Npz {
  readonly #members: Map<string, Buffer>

  constructor (file: string) {
    this.#members = readZip(readFileSync(file))
  }

  get (name: string): NpyArray {
    const bytes = this.#members.get(`${name}.npy`)
    if (bytes === undefined) throw new Error(`no array ${name}; there are ${[...this.#members.keys()].join(', ')}`)
    return parseNpy(bytes)
  }
}
