/** The places of the models that a service runs, in the order of their folders: who answers to which name. */
import type { FailedModel } from './failed-model.js'
import { LoadedModel } from './loaded-model.js'

export type Slot = LoadedModel | FailedModel

export class Slots {
  #list: readonly Slot[] = []
  /** Its name. Once it is unloaded no other takes its place. */
  #default: string | undefined

  /** Those that started; those that came later are behind the others. */
  get loaded (): readonly LoadedModel[] {
    return this.#list.filter(isLoaded)
  }

  get failed (): readonly FailedModel[] {
    return this.#list.filter(isFailed)
  }

  /** undefined: it was removed. */
  get default (): Slot | undefined {
    return this.named(this.#default)
  }

  get (name: string): LoadedModel | undefined {
    return this.loaded.find((model) => model.name === name)
  }

  named (name: string | undefined): Slot | undefined {
    return this.#list.find((slot) => slot.name === name)
  }

  has (slot: Slot): boolean {
    return this.#list.includes(slot)
  }

  /** These and no others; the first is the default. */
  set (list: readonly Slot[]): void {
    this.#list = list
    this.#default = list[0]?.name
  }

  /**
   * In the place of the one of its name, or else of another of its folder, or else behind all; what follows the default is the default.
   * @param folder of its own, where all that came from there go
   * @returns those that went
   */
  put (model: LoadedModel, folder?: string): readonly Slot[] {
    const replaced = this.#list.filter(({ name, directory }) => name === model.name || directory === folder)
    const place = replaced.find(({ name }) => name === model.name) ?? replaced[0]
    if (replaced.some(({ name }) => name === this.#default)) this.#default = model.name
    const kept = this.#list.flatMap((slot) => slot === place ? [model] : replaced.includes(slot) ? [] : [slot])
    this.#list = place === undefined ? [...kept, model] : kept
    return replaced
  }

  /** @returns undefined where there is none of this name */
  remove (name: string): Slot | undefined {
    const slot = this.named(name)
    this.#list = this.#list.filter((each) => each !== slot)
    return slot
  }
}

export function isLoaded (slot: Slot): slot is LoadedModel {
  return slot instanceof LoadedModel
}

export function isFailed (slot: Slot): slot is FailedModel {
  return !isLoaded(slot)
}
