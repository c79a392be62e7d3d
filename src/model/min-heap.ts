/** Numbers, the smallest first. */
export class MinHeap {
  readonly #numbers: number[] = []

  push (value: number): void {
    const numbers = this.#numbers
    let place = numbers.length
    numbers.push(value)
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = numbers[parent] ?? value
      if (above <= value) break
      numbers[place] = above
      place = parent
    }
    numbers[place] = value
  }

  /** undefined where there is none. */
  pop (): number | undefined {
    const numbers = this.#numbers
    const smallest = numbers[0]
    const last = numbers.pop()
    if (last !== undefined && numbers.length > 0) this.#sink(last)
    return smallest
  }

  /** Find a place for a number from the top down. */
  #sink (value: number): void {
    const numbers = this.#numbers
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if ((numbers[child + 1] ?? Infinity) < (numbers[child] ?? Infinity)) child++
      const below = numbers[child] ?? Infinity
      if (below >= value) break
      numbers[place] = below
      place = child
    }
    numbers[place] = value
  }
}
