/** A folder of models, whose content changes while a service runs. */
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fixture, type FixtureName } from './engine.js'

export class ModelRoot {
  private constructor (readonly path: string) {}

  static async create (): Promise<ModelRoot> {
    return new ModelRoot(await realpath(await mkdtemp(join(tmpdir(), 'fewstep-models-'))))
  }

  folder (name: string): string {
    return join(this.path, name)
  }

  /**
   * Whatever was in the folder is gone.
   * @param changes to the manifest
   */
  async put (name: string, model: FixtureName, changes: object = {}): Promise<string> {
    const folder = this.folder(name)
    await rm(folder, { recursive: true, force: true })
    await cp(fixture(model), folder, { recursive: true })
    const file = join(folder, 'manifest.json')
    const manifest = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...manifest, ...changes }))
    return folder
  }
}
