/** A bounded memory of those who came lately: who comes again moves to the younger of two generations, and the older is let go whole. */

/** In a generation: more than come within a minute, and a few megabytes. */
const MOST = 10_000

export class Recent<Value> {
  readonly #most: number
  #young = new Map<string, Value>()
  #old: ReadonlyMap<string, Value> = new Map()

  constructor (most = MOST) {
    this.#most = most
  }

  /** What is remembered under the name, or else what is made now. */
  get (name: string, make: () => Value): Value {
    const known = this.#young.get(name)
    if (known !== undefined) return known
    const value = this.#old.get(name) ?? make()
    if (this.#young.size >= this.#most) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(name, value)
    return value
  }
}
