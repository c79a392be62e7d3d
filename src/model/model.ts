/** A model's folder, opened: what the service needs to know of it apart from its weights. */
import { join, resolve } from 'node:path'
import { ChatTemplate } from './chat-template.js'
import { checkGraphs } from './check-graphs.js'
import { openFile, problem } from './files.js'
import { endOfTextTokenIds, manifestFile, readManifest, type Manifest } from './manifest.js'
import { sha256Of } from './sha256.js'
import { checkVocabulary, readTokenizerFile } from './tokenizer-file.js'
import { Tokenizer } from './tokenizer.js'

export interface Model {
  readonly directory: string
  readonly manifest: Manifest
  readonly tokenizer: Tokenizer
  readonly chat: ChatTemplate
}

/** @throws Error naming the first file that is missing or differs from the manifest */
export async function verifyFiles (directory: string, manifest: Manifest, signal?: AbortSignal): Promise<void> {
  for (const [name, entry] of Object.entries(manifest.files)) await verifyFile(join(directory, name), entry, signal)
}

async function verifyFile (file: string, { sha256, bytes }: Manifest['files'][string], signal: AbortSignal | undefined): Promise<void> {
  const handle = await openFile(file)
  try {
    const { size } = await handle.stat()
    if (size !== bytes) throw problem(file, `it has ${size} bytes, the manifest says ${bytes}; fetch the model again`)
    const found = await sha256Of(handle.createReadStream({ autoClose: false, start: 0, end: bytes }), signal)
    if (found !== sha256) throw problem(file, `its sha256 is ${found}, the manifest says ${sha256}; fetch the model again`)
  } finally {
    await handle.close()
  }
}

/**
 * Open a model's folder; whatever in it contradicts something else in it is found here.
 * @param signal breaks it off: large files take minutes to hash
 * @throws Error with one sentence: the file that is missing, damaged or contradicted, and by what; AbortError
 */
export async function loadModel (folder: string, signal?: AbortSignal): Promise<Model> {
  const directory = resolve(folder)
  const manifest = await readManifest(directory)
  const { tokenizer, mask_token_id: maskTokenId } = manifest
  if (tokenizer === null) {
    throw problem(manifestFile(directory), 'tokenizer is null: the model has no tokenizer; import it again with --tokenizer')
  }
  await verifyFiles(directory, manifest, signal)
  await checkGraphs(directory, manifest)
  const file = join(directory, tokenizer)
  const json = await readTokenizerFile(file)
  checkVocabulary(file, json, manifest)
  const opened = Tokenizer.from(file, json, { maskTokenId, endOfTextTokenIds: endOfTextTokenIds(manifest) })
  return { directory, manifest, tokenizer: opened, chat: await ChatTemplate.read(directory, opened) }
}
