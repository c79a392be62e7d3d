/** The hash that a manifest vouches for a file's bytes with. */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * Of a stream: weights have gigabytes.
 * @param signal breaks it off
 * @returns hexadecimal digits
 * @throws AbortError; whatever reading throws
 */
export async function sha256Of (bytes: Readable, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(bytes, hash, { signal })
  return hash.digest('hex')
}
