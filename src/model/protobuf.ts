/** Protocol buffers, read field by field from a file of any size: what nobody asks for is stepped over, not read. */
import { readSync } from 'node:fs'

const WINDOW_BYTES = 2 ** 16
/** More fields than any graph has that could run. */
const MAX_FIELDS = 2 ** 22
const MAX_BYTES = 2 ** 12

/** Bytes [begin, end) of the file. */
export interface Span {
  readonly begin: number
  readonly end: number
}

/** A field of a message: a number, exact below 2^53, or the bytes of a text, of numbers or of a message inside. */
export interface Field extends Span {
  readonly value: number | undefined
}

/** The fields of a message do not lie one after another up to its end. */
export class MalformedMessage extends Error {}

export class ProtobufFile {
  readonly #descriptor: number
  readonly #size: number
  readonly #window = Buffer.alloc(WINDOW_BYTES)
  #windowBegin = 0
  #windowEnd = 0
  #fields = 0

  /** @param size of the file, in bytes */
  constructor (descriptor: number, size: number) {
    this.#descriptor = descriptor
    this.#size = size
  }

  get whole (): Span {
    return { begin: 0, end: this.#size }
  }

  /**
   * Hand the fields of a message to those who ask for them, by their numbers, in their order.
   * @throws MalformedMessage
   */
  read ({ begin, end }: Span, readers: Readonly<Record<number, (field: Field) => void>>): void {
    for (let at = begin; at < end;) {
      if (++this.#fields > MAX_FIELDS) throw new MalformedMessage()
      const key = this.#varint(at, end)
      const content = this.#content(key.value % 8, key.end, end)
      if (content.end > end) throw new MalformedMessage()
      readers[Math.floor(key.value / 8)]?.(content)
      at = content.end
    }
  }

  text (field: Field): string {
    return this.bytes(field).toString('utf8')
  }

  /** A repeated number: one a field, or several packed into one. */
  numbers ({ value, begin, end }: Field): number[] {
    if (value !== undefined) return [value]
    const numbers: number[] = []
    for (let at = begin; at < end && numbers.length <= MAX_BYTES;) {
      const { value: number, end: next } = this.#varint(at, end)
      numbers.push(number)
      at = next
    }
    return numbers
  }

  /** @throws MalformedMessage where they are more than any name of a graph has */
  bytes ({ begin, end }: Span): Buffer {
    if (end - begin > MAX_BYTES) throw new MalformedMessage()
    const bytes = Buffer.alloc(end - begin)
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.#byte(begin + i)
    return bytes
  }

  #content (wireType: number, begin: number, end: number): Field {
    switch (wireType) {
      case 0: {
        const { value, end: next } = this.#varint(begin, end)
        return { value, begin, end: next }
      }
      case 1: return { value: undefined, begin, end: begin + 8 }
      case 2: {
        const { value: length, end: next } = this.#varint(begin, end)
        return { value: undefined, begin: next, end: next + length }
      }
      case 5: return { value: undefined, begin, end: begin + 4 }
      default: throw new MalformedMessage()
    }
  }

  #varint (begin: number, end: number): { readonly value: number, readonly end: number } {
    let value = 0
    for (let i = 0; i < 10 && begin + i < end; i++) {
      const byte = this.#byte(begin + i)
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return { value, end: begin + i + 1 }
    }
    throw new MalformedMessage()
  }

  #byte (at: number): number {
    if (at < this.#windowBegin || at >= this.#windowEnd) {
      this.#windowBegin = at
      this.#windowEnd = at + readSync(this.#descriptor, this.#window, 0, WINDOW_BYTES, at)
    }
    const byte = at < this.#windowEnd ? this.#window[at - this.#windowBegin] : undefined
    if (byte === undefined) throw new MalformedMessage()
    return byte
  }
}
