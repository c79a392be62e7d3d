/** Random choices from a seed, for tests of properties: the same seed, the same choices. */
import { philox } from '../../src/diffusion/random.js'

export class Draw {
  readonly #seed: number
  readonly #words = new Uint32Array(4)
  #count = 0

  constructor (seed: number) {
    this.#seed = seed
  }

  /** Uniform over min, ..., max. */
  integer (min: number, max: number): number {
    philox([this.#count++, 0, 0, 0], [this.#seed, 0], this.#words)
    return min + Math.floor((this.#words[0] ?? 0) * 2 ** -32 * (max - min + 1))
  }

  of<Choice> (choices: readonly Choice[]): Choice {
    return choices[this.integer(0, choices.length - 1)] as Choice // in range
  }

  shuffled<Item> (items: readonly Item[]): Item[] {
    return items.map((item) => ({ item, key: this.integer(0, 2 ** 31) })).sort((a, b) => a.key - b.key).map(({ item }) => item)
  }
}
