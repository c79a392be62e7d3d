/** The models that one service runs, each with an engine of its own: a queue, a pool of workers, and its own faults. */
import { Engine, type EngineOptions } from './engine/engine.js'
import { readManifest } from './model/manifest.js'
import { loadModel, type Model } from './model/model.js'

export interface LoadedModel {
  readonly model: Model
  readonly engine: Engine
}

export class LoadedModels {
  /** In the order of their folders; the first one serves requests that name none. */
  readonly all: readonly LoadedModel[]
  readonly default: LoadedModel
  readonly #byName: ReadonlyMap<string, LoadedModel>

  private constructor (first: LoadedModel, others: readonly LoadedModel[]) {
    this.default = first
    this.all = [first, ...others]
    this.#byName = new Map(this.all.map((loaded) => [loaded.model.manifest.name, loaded]))
  }

  /**
   * Start them one after another, so that the measurements of one do not disturb another's.
   * @throws Error where two have the same name, a folder is damaged or an engine does not start; those already started are closed
   */
  static async start (directories: readonly string[], settings: Omit<EngineOptions, 'model'>): Promise<LoadedModels> {
    await checkNames(directories)
    const models: Model[] = []
    for (const directory of directories) models.push(await loadModel(directory, settings.signal))
    const started: LoadedModel[] = []
    try {
      for (const model of models) {
        const logger = settings.logger.child({ model: model.manifest.name })
        started.push({ model, engine: await Engine.start({ ...settings, model, logger }) })
      }
      const [first, ...others] = started
      if (first === undefined) throw new Error('there is no model to run')
      return new LoadedModels(first, others)
    } catch (error) {
      await Promise.all(started.map(({ engine }) => engine.close()))
      throw error
    }
  }

  get names (): string[] {
    return [...this.#byName.keys()]
  }

  get (name: string): LoadedModel | undefined {
    return this.#byName.get(name)
  }

  /** Refuse new requests to all of them and wait for the running ones; see `Engine.drain`. */
  async drain (timeoutMs: number): Promise<void> {
    await Promise.all(this.all.map(({ engine }) => engine.drain(timeoutMs)))
  }

  /** Stop all of them at once. */
  async close (): Promise<void> {
    await Promise.all(this.all.map(({ engine }) => engine.close()))
  }
}

/** Before files are hashed and engines started, which may take minutes. */
async function checkNames (directories: readonly string[]): Promise<void> {
  const seen = new Map<string, string>()
  for (const directory of directories) {
    const { name } = await readManifest(directory)
    const other = seen.get(name)
    if (other !== undefined) throw new Error(`${other} and ${directory} are both named ${name}: requests choose a model by its name, so change name in one manifest.json or leave one folder out`)
    seen.set(name, directory)
  }
}
