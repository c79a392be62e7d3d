/** Reads single files out of a zip archive, such as a Python wheel, without holding either in memory. */
import { createReadStream, createWriteStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw } from 'node:zlib'

/** Records of the format, by their signatures; see APPNOTE.TXT of PKWARE, 4.3. */
const END = 0x06054b50
const ENTRY = 0x02014b50
const LOCAL = 0x04034b50
const END_BYTES = 22
const ENTRY_BYTES = 46
const LOCAL_BYTES = 30
const MAX_COMMENT = 65_535

const STORED = 0
const DEFLATED = 8

export interface Entry {
  readonly name: string
  readonly method: number
  readonly packedBytes: number
  readonly bytes: number
  /** Of its local record. */
  readonly offset: number
}

/** @throws Error where it is no archive, or one of the kind for more than 4 GB */
export async function entriesOf (file: string): Promise<Entry[]> {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    const tail = await read(handle, Math.max(0, size - END_BYTES - MAX_COMMENT), Math.min(size, END_BYTES + MAX_COMMENT))
    let end = tail.length - END_BYTES
    while (end >= 0 && tail.readUInt32LE(end) !== END) end--
    if (end < 0) throw new Error(`${file}: no zip archive`)
    const directory = await read(handle, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12))
    return parse(directory, tail.readUInt16LE(end + 10), file)
  } finally {
    await handle.close()
  }
}

function parse (directory: Buffer, count: number, file: string): Entry[] {
  const entries: Entry[] = []
  for (let at = 0; entries.length < count;) {
    if (at + ENTRY_BYTES > directory.length || directory.readUInt32LE(at) !== ENTRY) throw new Error(`${file}: a damaged zip archive`)
    const name = directory.readUInt16LE(at + 28)
    entries.push({
      name: directory.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + name),
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42)
    })
    at += ENTRY_BYTES + name + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  return entries
}

/** @throws Error where it is packed in another way, or is not as long as the archive says */
export async function extract (file: string, entry: Entry, target: string): Promise<void> {
  const { name, method, packedBytes, bytes, offset } = entry
  if (method !== STORED && method !== DEFLATED) throw new Error(`${file}: ${name} is packed in a way that is not known here`)
  const handle = await open(file)
  const local = await read(handle, offset, LOCAL_BYTES).finally(() => handle.close())
  if (local.readUInt32LE(0) !== LOCAL) throw new Error(`${file}: a damaged zip archive`)
  const start = offset + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28)
  let written = 0
  const counter = new Transform({
    transform (chunk: Buffer, _encoding, done) {
      written += chunk.length
      done(null, chunk)
    }
  })
  const source = createReadStream(file, { start, end: start + packedBytes - 1 })
  if (method === STORED) await pipeline(source, counter, createWriteStream(target))
  else await pipeline(source, createInflateRaw(), counter, createWriteStream(target))
  if (written !== bytes) throw new Error(`${file}: ${name} has ${written} bytes, not ${bytes}`)
}

async function read (handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await handle.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}
