/** Loads files that are what they were when they were checked: a model's file may be replaced while the service runs. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { sha256Of } from '../model/sha256.js'

const ADVICE = 'put the checked file back, or have the service load the folder again to run another model'

/** Hexadecimal sha256 by path. */
export type FileHashes = Readonly<Record<string, string>>

/**
 * Hash the files, load, and see that nobody has touched them meanwhile: what was hashed is what was loaded. Large weights
 * are loaded by ONNX Runtime from their path, so they cannot be handed over as the bytes that were hashed.
 * @throws Error naming the file that cannot be read or is another one; whatever `load` throws
 */
export async function loadChecked<T> (hashes: FileHashes, load: () => Promise<T>): Promise<T> {
  const before: Array<readonly [string, string]> = []
  for (const [file, expected] of Object.entries(hashes)) {
    before.push([file, await identity(file)])
    const found = await readable(file, sha256Of(createReadStream(file)))
    if (found !== expected) throw new Error(`${file} is not the file that was checked: its sha256 is ${found}, not ${expected}; ${ADVICE}`)
  }
  const loaded = await load()
  for (const [file, known] of before) {
    if (await identity(file) !== known) throw new Error(`${file} was changed while it was loaded; ${ADVICE}`)
  }
  return loaded
}

/** Changes when the file is written to or replaced: nobody can set ctime. */
async function identity (file: string): Promise<string> {
  const found = await readable(file, stat(file, { bigint: true }))
  if (!found.isFile()) throw new Error(`${file} is no regular file; ${ADVICE}`)
  return [found.dev, found.ino, found.size, found.ctimeNs].join(' ')
}

async function readable<T> (file: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
