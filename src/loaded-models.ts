/**
 * The models that one service runs, each with an engine of its own: a queue, a pool of workers, and its own faults. They come and go while
 * it runs, one after another, so that a load never meets another's.
 */
import { EventEmitter } from 'node:events'
import { stat } from 'node:fs/promises'
import { Engine, type EngineOptions } from './engine/engine.js'
import { shuttingDown } from './engine/refusals.js'
import type { Tuning } from './engine/tuning-cache.js'
import { FewstepError } from './errors.js'
import { AllowedFolders } from './loaded-models/allowed-folders.js'
import { failedModel, noneIsLeft, sentenceOf, type FailedModel } from './loaded-models/failed-model.js'
import { folderList } from './loaded-models/folder-list.js'
import { LoadedModel } from './loaded-models/loaded-model.js'
import { checkMemory } from './loaded-models/memory-check.js'
import { isFailed, isLoaded, Slots, type Slot } from './loaded-models/slots.js'
import { contentHash } from './model/content-hash.js'
import { readManifest, type Manifest } from './model/manifest.js'
import { loadModel, verifyFiles } from './model/model.js'

export type { FailedModel, LoadedModel }

/** One that no request finds yet. */
export type LoadingModel = Pick<LoadedModel, 'name' | 'directory'>

export interface ModelSettings extends Omit<EngineOptions, 'model' | 'tuning'> {
  /** Folders below which models may be loaded later; none: the parents of those that are named at the start. */
  readonly modelRoots: readonly string[]
}

export type Change = 'loaded' | 'replaced' | 'unchanged'

export interface LoadOutcome {
  readonly change: Change
  readonly loaded: LoadedModel
}

/** Names, and reasons. */
export interface ReloadOutcome extends Readonly<Record<Change | 'unloaded', readonly string[]>> {
  readonly failed: readonly FailedModel[]
}

/** loaded: requests go to it from now on. ended: it is unloaded or replaced, nobody uses it any more, and its workers are gone. */
interface ModelEvents {
  loaded: [model: LoadedModel]
  ended: [model: LoadedModel]
}

export class LoadedModels {
  readonly events = new EventEmitter<ModelEvents>()
  readonly #listed: readonly string[]
  readonly #settings: ModelSettings
  readonly #folders: AllowedFolders
  readonly #closing = new AbortController()
  readonly #signal: AbortSignal
  readonly #draining = new Set<LoadedModel>()
  readonly #slots = new Slots()
  #loading: LoadingModel | undefined
  /** Ends when what was asked for so far is done. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor (listed: readonly string[], settings: ModelSettings) {
    const { signal: stop, modelRoots } = settings
    this.#listed = listed
    this.#settings = settings
    this.#folders = new AllowedFolders(listed, modelRoots)
    this.#signal = stop === undefined ? this.#closing.signal : AbortSignal.any([stop, this.#closing.signal])
  }

  /**
   * Start them one after another, so that the measurements of one do not disturb another's. One that does not start is logged, and
   * the others serve.
   * @param listed folders, or PARENT/* for all models in one
   * @throws Error where two have the same name, or none starts: with a sentence for each; the signal's reason. No worker is left then
   */
  static async start (listed: readonly string[], settings: ModelSettings): Promise<LoadedModels> {
    const models = new LoadedModels(listed, settings)
    const slots: Slot[] = []
    for (const directory of await folderList(listed)) {
      slots.push(await models.#open(directory).catch((error: unknown) => failedModel(directory, error)))
      if (settings.signal?.aborted === true) break
    }
    const started = slots.filter(isLoaded)
    if (settings.signal?.aborted === true) {
      await Promise.all(started.map(({ engine }) => engine.close()))
      throw settings.signal.reason
    }
    if (started.length === 0) throw noneIsLeft(slots.filter(isFailed))
    models.#slots.set(slots)
    for (const { name, reason } of models.failed) settings.logger.error({ model: name, reason }, 'a model did not start: the others are served')
    return models
  }

  /** In the order of their folders, those that came later behind them. */
  get all (): readonly LoadedModel[] {
    return this.#slots.loaded
  }

  get failed (): readonly FailedModel[] {
    return this.#slots.failed
  }

  /** Unloaded or replaced, while requests that they have finish. */
  get draining (): readonly LoadedModel[] {
    return [...this.#draining]
  }

  get loading (): LoadingModel | undefined {
    return this.#loading
  }

  /**
   * That of the first folder, which requests are for that name none: started or not, no other takes its place. undefined: it was
   * unloaded.
   */
  get default (): LoadedModel | FailedModel | undefined {
    return this.#slots.default
  }

  /** Of those that started. */
  get names (): string[] {
    return this.all.map(({ name }) => name)
  }

  get (name: string): LoadedModel | undefined {
    return this.#slots.get(name)
  }

  /** The one that did not start, where none of this name did. */
  failure (name: string): FailedModel | undefined {
    return this.get(name) === undefined ? this.failed.find((model) => model.name === name) : undefined
  }

  /** Whether there is one of this name, or requests finish on one that there was. */
  knows (name: string): boolean {
    return this.get(name) !== undefined || this.draining.some((model) => model.name === name)
  }

  /** Names of the models in the folders that may be loaded from, each with its folder. */
  async available (): Promise<ReadonlyMap<string, string>> {
    return await this.#folders.models()
  }

  /**
   * Load a model, or have it take the place of that of the same name or folder, which ends when its requests are answered. Where it
   * is what is served already, nothing happens.
   * @param folder absolute, or relative to a folder of models
   * @throws FewstepError forbidden, model_refused with what is wrong in the folder, not_enough_memory or draining; all stays as it was
   */
  async load (folder: string): Promise<LoadOutcome> {
    const directory = await this.#folders.resolve(folder)
    return await this.#inTurn(async () => {
      const outcome = await this.#bring(directory).catch((error: unknown) => { throw this.#refusal(error) })
      if (outcome.change !== 'unchanged') this.#put(outcome.loaded, directory)
      return outcome
    })
  }

  /**
   * The model of a name, from the folder that it has or had, or else from the first that has a model of that name.
   * @returns undefined where there is none
   * @throws FewstepError as `load`
   */
  async loadNamed (name: string): Promise<LoadOutcome | undefined> {
    const folder = this.#slots.named(name)?.directory ?? (await this.available()).get(name)
    return folder === undefined ? undefined : await this.load(folder)
  }

  /**
   * No request finds it any more; it ends when those that it has are answered.
   * @returns undefined where there is none of this name
   */
  async unload (name: string): Promise<LoadedModel | FailedModel | undefined> {
    return await this.#inTurn(async () => {
      const slot = this.#slots.remove(name)
      if (slot !== undefined && isLoaded(slot)) this.#retire(slot)
      return slot
    })
  }

  /**
   * Make it what the list of the start says: folders whose content changed are loaded again, new ones too, and what is not in it, or gone,
   * is unloaded. One that does not start keeps the one before it.
   * @throws Error where two have the same name, or none would be left; FewstepError draining. All stays as it was
   */
  async reload (): Promise<ReloadOutcome> {
    return await this.#inTurn(async () => {
      const outcome = { loaded: [] as string[], replaced: [] as string[], unchanged: [] as string[], failed: [] as FailedModel[] }
      const wanted: Slot[] = []
      for (const directory of await folderList(this.#listed)) {
        try {
          const { change, loaded } = await this.#bring(directory)
          if (change !== 'unchanged') this.#put(loaded)
          outcome[change].push(loaded.name)
          wanted.push(loaded)
        } catch (error) {
          if (this.#signal.aborted) throw shuttingDown()
          const failed = await failedModel(directory, error)
          outcome.failed.push(failed)
          wanted.push(await this.#stays(directory) ?? failed)
        }
      }
      if (!wanted.some(isLoaded)) throw noneIsLeft(outcome.failed)
      const unloaded = this.all.filter((model) => !wanted.includes(model))
      // One whose folder is damaged, and whose name another folder has taken, was replaced.
      this.#slots.set(wanted.filter((slot) => isFailed(slot) || this.#slots.has(slot)))
      for (const model of unloaded) this.#retire(model)
      return { ...outcome, unloaded: unloaded.map(({ name }) => name) }
    })
  }

  /** Break off what is being loaded, refuse new requests to all models and wait for the running ones; see `Engine.drain`. */
  async drain (timeoutMs: number): Promise<void> {
    this.#closing.abort()
    await Promise.all([...this.all, ...this.#draining].map(({ engine }) => engine.drain(timeoutMs)))
  }

  /** Stop all of them at once. */
  async close (): Promise<void> {
    this.#closing.abort()
    await this.#turn
    await Promise.all([...this.all, ...this.#draining].map(({ engine }) => engine.close()))
  }

  async #inTurn<Result> (work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(async () => {
      if (this.#signal.aborted) throw shuttingDown()
      return await work()
    })
    this.#turn = turn.catch(() => {})
    return await turn
  }

  /** The model of a folder, loaded if it is not served as it is. No request finds it yet. */
  async #bring (directory: string): Promise<LoadOutcome> {
    try {
      const manifest = await readManifest(directory)
      this.#loading = { name: manifest.name, directory }
      const current = this.get(manifest.name)
      if (current?.directory === directory && current.hash === await contentHash(directory)) {
        await verifyFiles(directory, manifest, this.#signal)
        return { change: 'unchanged', loaded: current }
      }
      const tuning = this.#tuningFor(manifest)
      if (tuning !== undefined) checkMemory(manifest, this.#settings, tuning.plan.workers)
      const loaded = await this.#open(directory, tuning)
      if (this.#signal.aborted) {
        await loaded.engine.close()
        throw shuttingDown()
      }
      return { change: current === undefined ? 'loaded' : 'replaced', loaded }
    } finally {
      this.#loading = undefined
    }
  }

  async #open (directory: string, tuning?: Tuning): Promise<LoadedModel> {
    // Before anything else is read: a folder that changes meanwhile then differs from what was loaded, and is loaded again.
    const hash = await contentHash(directory).catch(() => '') // loading says what is wrong
    const model = await loadModel(directory, this.#signal)
    const { name } = model.manifest
    const logger = this.#settings.logger.child({ model: name })
    return new LoadedModel({ model, hash, engine: await Engine.start({ ...this.#settings, signal: this.#signal, model, tuning, logger }) })
  }

  /** Of the one that it replaces, or else of any: nothing is measured while others are served. */
  #tuningFor ({ name, parameters, max_length: length }: Manifest): Tuning | undefined {
    const like = this.get(name) ?? this.all[0] ?? this.draining[0]
    if (like === undefined) return undefined
    const { manifest } = like.model
    const { tuning } = like.engine
    return manifest.parameters === parameters && manifest.max_length === length ? tuning : { ...tuning, costs: [] }
  }

  /** @param folder whose models go, too, besides the one of its name */
  #put (loaded: LoadedModel, folder?: string): void {
    const replaced = this.#slots.put(loaded, folder)
    this.#settings.logger.info({ model: loaded.name, folder: loaded.directory }, 'a model was loaded')
    this.events.emit('loaded', loaded)
    for (const slot of replaced.filter(isLoaded)) this.#retire(slot)
  }

  #retire (model: LoadedModel): void {
    const { name, directory: folder } = model
    const { logger } = this.#settings
    this.#draining.add(model)
    logger.info({ model: name, folder, requests: model.leases }, 'a model is unloaded: requests that it has finish on it')
    void model.retire().then(() => {
      this.#draining.delete(model)
      logger.info({ model: name, folder }, 'a model is gone: its workers have ended')
      this.events.emit('ended', model)
    })
  }

  /** The model that was loaded from a folder which is still there, whatever is in it now. */
  async #stays (directory: string): Promise<LoadedModel | undefined> {
    const old = this.all.find((model) => model.directory === directory)
    return await stat(directory).then(() => old, () => undefined)
  }

  #refusal (error: unknown): Error {
    if (this.#signal.aborted) return shuttingDown()
    if (error instanceof FewstepError) return error
    return new FewstepError('model_refused', sentenceOf(error), { field: 'folder', cause: error })
  }
}
