/** A model's folder, opened: what the service needs to know of it apart from its weights. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { readManifest, type Manifest } from './manifest.js'
import { Tokenizer } from './tokenizer.js'

export interface Model {
  readonly directory: string
  readonly manifest: Manifest
  readonly tokenizer: Tokenizer
}

/** @throws Error naming the first file that is missing or differs from the manifest */
export async function verifyFiles (directory: string, manifest: Manifest, signal?: AbortSignal): Promise<void> {
  for (const [name, { sha256 }] of Object.entries(manifest.files)) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(join(directory, name)), hash, { signal })
    const found = hash.digest('hex')
    if (found !== sha256) throw new Error(`${join(directory, name)}: sha256 is ${found}, the manifest says ${sha256}; fetch the model again`)
  }
}

/**
 * @param signal breaks it off: large files take minutes to hash
 * @throws Error with one sentence about what is missing or damaged; AbortError
 */
export async function loadModel (folder: string, signal?: AbortSignal): Promise<Model> {
  const directory = resolve(folder)
  const manifest = await readManifest(directory)
  await verifyFiles(directory, manifest, signal)
  if (manifest.tokenizer === null) {
    throw new Error(`${directory}: the model has no tokenizer; import it again with --tokenizer`)
  }
  const tokenizer = await Tokenizer.load(join(directory, manifest.tokenizer), {
    maskTokenId: manifest.mask_token_id,
    endOfTextTokenId: manifest.end_of_text_token_id
  })
  return { directory, manifest, tokenizer }
}
