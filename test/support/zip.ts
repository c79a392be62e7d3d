/** A zip archive as a Python wheel is one: files deflated, one after another, then their directory. */
import { deflateRawSync } from 'node:zlib'

export function zipOf (files: Readonly<Record<string, string | Buffer>>): Buffer {
  const bodies: Buffer[] = []
  const entries: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content)
    const packed = deflateRawSync(bytes)
    const local = record(30, 0x04034b50, [[8, 2, 8], [18, 4, packed.length], [22, 4, bytes.length], [26, 2, name.length]])
    bodies.push(local, Buffer.from(name), packed)
    entries.push(record(46, 0x02014b50, [
      [10, 2, 8], [20, 4, packed.length], [24, 4, bytes.length], [28, 2, name.length], [42, 4, offset]
    ]), Buffer.from(name))
    offset += local.length + name.length + packed.length
  }
  const directory = Buffer.concat(entries)
  const count = Object.keys(files).length
  const end = record(22, 0x06054b50, [[8, 2, count], [10, 2, count], [12, 4, directory.length], [16, 4, offset]])
  return Buffer.concat([...bodies, directory, end])
}

function record (length: number, signature: number, fields: ReadonlyArray<readonly [at: number, bytes: number, value: number]>): Buffer {
  const buffer = Buffer.alloc(length)
  buffer.writeUInt32LE(signature)
  for (const [at, bytes, value] of fields) buffer.writeUIntLE(value, at, bytes)
  return buffer
}
