/** What a shared library is linked with: the DT_NEEDED entries of a 64-bit little-endian ELF file. */
import { open, type FileHandle } from 'node:fs/promises'

const MAGIC = 0x464c457f
const DYNAMIC = 6
const NEEDED = 1n
const SECTION_BYTES = 64
/** Far more than any library has. */
const MAX_BYTES = 2 ** 24

/** @returns names, such as libcublas.so.13; empty where it is no such file */
export async function neededBy (file: string): Promise<string[]> {
  const handle = await open(file).catch(() => undefined)
  if (handle === undefined) return []
  try {
    const header = await read(handle, 0n, SECTION_BYTES)
    if (header.length < SECTION_BYTES || header.readUInt32LE(0) !== MAGIC || header[4] !== 2 || header[5] !== 1) return []
    const sections = await read(handle, header.readBigUInt64LE(40), header.readUInt16LE(60) * SECTION_BYTES)
    const at = (index: number): { type: number, offset: bigint, size: number, link: number } => ({
      type: sections.readUInt32LE(index * SECTION_BYTES + 4),
      offset: sections.readBigUInt64LE(index * SECTION_BYTES + 24),
      size: Number(sections.readBigUInt64LE(index * SECTION_BYTES + 32)),
      link: sections.readUInt32LE(index * SECTION_BYTES + 40)
    })
    const all = Array.from({ length: sections.length / SECTION_BYTES }, (_, index) => at(index))
    const dynamic = all.find(({ type }) => type === DYNAMIC)
    const strings = dynamic === undefined ? undefined : all[dynamic.link]
    if (dynamic === undefined || strings === undefined) return []
    const [entries, names] = [await read(handle, dynamic.offset, dynamic.size), await read(handle, strings.offset, strings.size)]
    const found: string[] = []
    for (let i = 0; i + 16 <= entries.length; i += 16) {
      if (entries.readBigInt64LE(i) !== NEEDED) continue
      const start = Number(entries.readBigUInt64LE(i + 8))
      found.push(names.toString('latin1', start, names.indexOf(0, start)))
    }
    return found
  } catch {
    return []
  } finally {
    await handle.close()
  }
}

async function read (handle: FileHandle, position: bigint, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.min(length, MAX_BYTES))
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, Number(position))
  return buffer.subarray(0, bytesRead)
}
