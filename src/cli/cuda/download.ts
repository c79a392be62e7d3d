/** Fetches a file, going on where an earlier try was broken off, and keeps it only if it is the one that was meant. */
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { sha256Of } from '../../model/sha256.js'

export interface Wanted {
  readonly bytes: number
  readonly sha256: string
}

/** What is there of a file; 0 where nothing is. */
export async function sizeOf (file: string): Promise<number> {
  return await stat(file).then(({ size }) => size, () => 0)
}

/**
 * @param onBytes how many bytes of it are here, each time that some came
 * @throws Error where it cannot be fetched or is another file: that one is thrown away
 */
export async function download (
  url: string, target: string, { bytes, sha256 }: Wanted, onBytes: (here: number) => void, signal: AbortSignal
): Promise<void> {
  const partial = `${target}.partial`
  if (await sizeOf(partial) > bytes) await rm(partial)
  const here = await sizeOf(partial)
  if (here < bytes) await append(url, partial, here, onBytes, signal)
  const found = await sha256Of(createReadStream(partial), signal)
  if (found !== sha256) {
    await rm(partial)
    throw new Error(`${url}: its sha256 is ${found}, not ${sha256}`)
  }
  await rename(partial, target)
}

async function append (url: string, partial: string, here: number, onBytes: (here: number) => void, signal: AbortSignal): Promise<void> {
  const answer = await fetch(url, { signal, headers: here === 0 ? {} : { range: `bytes=${here}-` } })
  if (!answer.ok || answer.body === null) throw new Error(`${url} answers ${answer.status}`)
  // A server that knows no ranges sends all of it.
  let count = answer.status === 206 ? here : 0
  const file = await open(partial, answer.status === 206 ? 'a' : 'w')
  try {
    // One after another: where it breaks off, all that came is in the file.
    for await (const chunk of answer.body) {
      await file.appendFile(chunk)
      onBytes(count += chunk.length)
    }
  } finally {
    await file.close()
  }
}
