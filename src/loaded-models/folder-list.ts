/** The folders of the models that a service is to run. */
import { resolve } from 'node:path'
import { expandFolders, nameOf } from '../model/model-folders.js'

/**
 * @param listed folders, or PARENT/* for all models in one
 * @returns absolute
 * @throws Error where there are none, or two of one name: before files are hashed and engines started, which may take minutes
 */
export async function folderList (listed: readonly string[]): Promise<string[]> {
  const directories = (await expandFolders(listed)).map((folder) => resolve(folder))
  if (directories.length === 0) throw new Error(`FEWSTEP_MODEL: there is no folder with a manifest.json in ${listed.join(', ')}`)
  await checkNames(directories)
  return directories
}

async function checkNames (directories: readonly string[]): Promise<void> {
  const seen = new Map<string, string>()
  for (const directory of directories) {
    const name = await nameOf(directory)
    if (name === undefined) continue
    const other = seen.get(name)
    if (other !== undefined) {
      throw new Error(`${other} and ${directory} are both named ${name}: requests choose a model by its name, ` +
        'so change name in one manifest.json or leave one folder out')
    }
    seen.set(name, directory)
  }
}
