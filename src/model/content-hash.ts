/** What a model's folder holds, as one hash: it changes with every file that a model is made of. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { CHAT_FILES } from './chat-template.js'
import { readText, unlessMissing } from './files.js'
import { manifestFile } from './manifest.js'

const MAX_BYTES = 2 ** 24

/**
 * Of the manifest, which has the hashes of the large files, and of the small files that it does not list.
 * @returns hexadecimal digits
 * @throws Error naming the file that cannot be read
 */
export async function contentHash (directory: string): Promise<string> {
  const hash = createHash('sha256').update(await readText(manifestFile(directory), MAX_BYTES))
  for (const name of CHAT_FILES) {
    const text = await readText(join(directory, name), MAX_BYTES).catch(unlessMissing)
    hash.update(`\0${name}\0${text ?? ''}`)
  }
  return hash.digest('hex')
}
