/** The folders that a list of them means: PARENT/* stands for all models in a folder. */
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { problem } from './files.js'
import { readManifest } from './manifest.js'
import { reasonOf } from './quote.js'

const EVERY = '*'

/**
 * In the order of the list, those of a PARENT/* by their names; each once.
 * @throws Error naming the parent that cannot be read
 */
export async function expandFolders (list: readonly string[]): Promise<string[]> {
  const folders: string[] = []
  for (const entry of list) {
    const found = basename(entry) === EVERY ? await modelsIn(dirname(entry)) : [entry]
    const known = new Set(folders.map((folder) => resolve(folder)))
    folders.push(...found.filter((folder) => basename(entry) !== EVERY || !known.has(resolve(folder))))
  }
  return folders
}

/** @throws Error naming the parent */
export async function modelsIn (parent: string): Promise<string[]> {
  const names = await readdir(parent, { withFileTypes: true }).catch((cause: unknown) => { throw problem(parent, reasonOf(cause), cause) })
  const folders: string[] = []
  for (const { name } of names.filter((entry) => !entry.name.startsWith('.') && !entry.isFile()).sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (await readdir(join(parent, name)).then((files) => files.includes('manifest.json'), () => false)) folders.push(join(parent, name))
  }
  return folders
}

/** undefined where the manifest cannot be read, or says nothing sensible. */
export async function nameOf (directory: string): Promise<string | undefined> {
  return await readManifest(directory).then(({ name }) => name, () => undefined)
}
