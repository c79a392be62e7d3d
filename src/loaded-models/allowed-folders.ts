/** Which folders may be loaded while the service runs: those that settings name, and what lies below the folders of models. */
import { realpath } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { FewstepError } from '../errors.js'
import { modelsIn, nameOf } from '../model/model-folders.js'

export class AllowedFolders {
  /** Below them every folder may be loaded. */
  readonly roots: readonly string[]
  readonly #named: ReadonlySet<string>

  /**
   * @param named folders that settings name, PARENT/* too
   * @param roots none: the parents of those, but never the root of all folders
   */
  constructor (named: readonly string[], roots: readonly string[]) {
    this.#named = new Set(named.map((folder) => resolve(folder)))
    const parents = [...this.#named].map(dirname).filter((parent) => dirname(parent) !== parent)
    this.roots = [...new Set((roots.length > 0 ? roots : parents).map((root) => resolve(root)))]
  }

  /**
   * @param folder absolute, or relative to one of the roots
   * @returns the path as it was meant: links are not resolved, so that one that is turned to another folder is followed
   * @throws FewstepError forbidden where it is, or leads, elsewhere; model_refused where there is no such folder
   */
  async resolve (folder: string): Promise<string> {
    const meant = isAbsolute(folder) ? [resolve(folder)] : this.roots.map((root) => resolve(root, folder))
    const inside = meant.filter((path) => this.#named.has(path) || this.roots.some((root) => isBelow(path, root)))
    if (inside.length === 0) throw this.#forbidden('is not below')
    for (const path of inside) {
      const real = await realpath(path).catch(() => undefined)
      if (real === undefined) continue
      if (this.#named.has(path) || await this.#isAllowed(real)) return path
      throw this.#forbidden('is a link that leads out of')
    }
    throw new FewstepError('model_refused', 'folder: there is no such folder; GET /admin/models lists what is loaded', { field: 'folder' })
  }

  /** Names of the models that lie right in the roots, each with its folder; of two of one name the first. */
  async models (): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    for (const root of this.roots) {
      for (const folder of await modelsIn(root).catch(() => [])) {
        const name = await nameOf(folder)
        if (name !== undefined && !found.has(name)) found.set(name, folder)
      }
    }
    return found
  }

  async #isAllowed (real: string): Promise<boolean> {
    for (const root of this.roots) {
      if (isBelow(real, await realpath(root).catch(() => root))) return true
    }
    return false
  }

  #forbidden (how: string): FewstepError {
    return new FewstepError('forbidden', `folder ${how} ${this.roots.join(', ') || 'any folder of models'}, where models may be loaded from; ` +
      'put it there, or let FEWSTEP_MODELS_ROOT name its parent', { field: 'folder' })
  }
}

function isBelow (path: string, root: string): boolean {
  const way = relative(root, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
