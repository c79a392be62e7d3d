/** A model that is served, or was: who asks it holds a lease of it, and it goes when the last one is given back. */
import type { Engine } from '../engine/engine.js'
import type { Model } from '../model/model.js'

export interface LoadedParts {
  readonly model: Model
  readonly engine: Engine
  /** Of its folder's content when it was loaded; see `contentHash`. */
  readonly hash: string
}

export class LoadedModel {
  readonly model: Model
  readonly engine: Engine
  readonly hash: string
  readonly loadedAt = new Date()
  #leases = 0
  /** Called when the last lease is given back. */
  readonly #whenUnused = new Set<() => void>()

  constructor ({ model, engine, hash }: LoadedParts) {
    this.model = model
    this.engine = engine
    this.hash = hash
  }

  get name (): string {
    return this.model.manifest.name
  }

  get directory (): string {
    return this.model.directory
  }

  /** Requests that are not answered whole. */
  get leases (): number {
    return this.#leases
  }

  /** @returns gives the lease back; to be called once, and of no effect afterwards */
  lease (): () => void {
    this.#leases++
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#leases--
      if (this.#leases > 0) return
      for (const resolve of this.#whenUnused) resolve()
      this.#whenUnused.clear()
    }
  }

  /** Wait until nobody holds a lease, then end the workers. Whoever calls sees to it that nobody takes another one. */
  async retire (): Promise<void> {
    if (this.#leases > 0) await new Promise<void>((resolve) => { this.#whenUnused.add(resolve) })
    await this.engine.drain()
    await this.engine.close()
  }
}
