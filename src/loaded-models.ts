/** The models that one service runs, each with an engine of its own: a queue, a pool of workers, and its own faults. */
import { basename, resolve } from 'node:path'
import { Engine, type EngineOptions } from './engine/engine.js'
import { readManifest } from './model/manifest.js'
import { loadModel, type Model } from './model/model.js'

export interface LoadedModel {
  readonly model: Model
  readonly engine: Engine
}

/** One that did not start; it will not before the service is started again. */
export interface FailedModel {
  /** Its folder's where its manifest tells none. */
  readonly name: string
  /** A sentence that names the file, and what is wrong with it. */
  readonly reason: string
}

export class LoadedModels {
  /** In the order of their folders. */
  readonly all: readonly [LoadedModel, ...LoadedModel[]]
  readonly failed: readonly FailedModel[]
  /** That of the first folder, which requests are for that name none: started or not, no other takes its place. */
  readonly default: LoadedModel | FailedModel
  readonly #byName: ReadonlyMap<string, LoadedModel>

  private constructor (all: LoadedModels['all'], failed: readonly FailedModel[], first: LoadedModel | FailedModel) {
    this.all = all
    this.failed = failed
    this.default = first
    this.#byName = new Map(all.map((loaded) => [loaded.model.manifest.name, loaded]))
  }

  /**
   * Start them one after another, so that the measurements of one do not disturb another's. One that does not start is logged, and
   * the others serve.
   * @throws Error where two have the same name, or none starts: with a sentence for each; the signal's reason. No worker is left then
   */
  static async start (directories: readonly string[], settings: Omit<EngineOptions, 'model'>): Promise<LoadedModels> {
    await checkNames(directories)
    const models: Array<LoadedModel | FailedModel> = []
    for (const directory of directories) {
      models.push(await startModel(directory, settings).catch((error: unknown) => failedModel(directory, error)))
      if (settings.signal?.aborted === true) break
    }
    const started = models.filter((model) => 'engine' in model)
    const failed = models.filter((model) => 'reason' in model)
    if (settings.signal?.aborted === true) {
      await Promise.all(started.map(({ engine }) => engine.close()))
      throw settings.signal.reason
    }
    const [first, ...others] = started
    if (first === undefined || models[0] === undefined) throw new Error(failed.map(({ reason }) => reason).join('\n'))
    for (const { name, reason } of failed) settings.logger.error({ model: name, reason }, 'a model did not start: the others are served')
    return new LoadedModels([first, ...others], failed, models[0])
  }

  /** Of those that started. */
  get names (): string[] {
    return [...this.#byName.keys()]
  }

  get (name: string): LoadedModel | undefined {
    return this.#byName.get(name)
  }

  /** The one that did not start, where none of this name did. */
  failure (name: string): FailedModel | undefined {
    return this.#byName.has(name) ? undefined : this.failed.find((model) => model.name === name)
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

async function startModel (directory: string, settings: Omit<EngineOptions, 'model'>): Promise<LoadedModel> {
  const model = await loadModel(directory, settings.signal)
  const logger = settings.logger.child({ model: model.manifest.name })
  return { model, engine: await Engine.start({ ...settings, model, logger }) }
}

async function failedModel (directory: string, error: unknown): Promise<FailedModel> {
  return { name: await nameOf(directory) ?? basename(resolve(directory)), reason: error instanceof Error ? error.message : String(error) }
}

/** Before files are hashed and engines started, which may take minutes. */
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

/** undefined where the manifest cannot be read, or says nothing sensible. */
async function nameOf (directory: string): Promise<string | undefined> {
  return await readManifest(directory).then(({ name }) => name, () => undefined)
}
