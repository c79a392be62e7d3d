/** Byte-pair encoding (Sennrich et al., 2016): the symbols of a word, joined pair by pair, always the pair that was learnt first. */
import { MinHeap } from './min-heap.js'

/** The part of a tokenizer.json that says what is joined. */
export interface BpeTable {
  /** Token ids by their symbols. */
  readonly vocab: Readonly<Record<string, number>>
  /** Pairs in the order in which they were learnt, as "a b" or [a, b]. */
  readonly merges: ReadonlyArray<string | readonly string[]>
  /** Whether a word that is a token is that token, whatever the merges say. */
  readonly ignore_merges?: boolean
}

/** Beyond the last character that stands for a byte. */
const ALPHABET = 324
/** Where a symbol stood that was joined to the one on its left. */
const GONE = -1

/** A word of n symbols takes O(n log n), not the O(n²) of looking through all pairs after each join. */
export class Bpe {
  readonly #idOf: ReadonlyMap<string, number>
  /** Ids of single characters by their code. */
  readonly #idOfCode: Int32Array
  readonly #wholeWords: boolean
  /** Stands for symbols that are no token: beyond all ids, and never joined. */
  readonly #unknown: number
  /** A pair's rank by left id x (unknown + 1) + right id. */
  readonly #ranks = new Map<number, number>()
  /** By rank: the pair, and the token that it becomes. */
  readonly #left: Int32Array
  readonly #right: Int32Array
  readonly #joined: Int32Array
  /** Each is rank x length of the word + place of the left symbol: the pair learnt first comes first, of equals the leftmost. */
  readonly #candidates = new MinHeap()

  constructor ({ vocab, merges, ignore_merges: wholeWords = false }: BpeTable) {
    this.#idOf = new Map(Object.entries(vocab))
    this.#wholeWords = wholeWords
    this.#unknown = Object.values(vocab).reduce((highest, id) => Math.max(highest, id), -1) + 1
    this.#idOfCode = Int32Array.from({ length: ALPHABET }, (_, code) => this.#idOf.get(String.fromCharCode(code)) ?? this.#unknown)
    const ids = merges.map((merge) => {
      const [left = '', right = ''] = typeof merge === 'string' ? merge.split(' ') : merge
      return [left, right, left + right].map((symbols) => this.#idOf.get(symbols) ?? this.#unknown)
    })
    const column = (index: number): Int32Array => Int32Array.from(ids, (row) => row[index] ?? this.#unknown)
    this.#left = column(0)
    this.#right = column(1)
    this.#joined = column(2)
    ids.forEach((row, rank) => {
      const [left = 0, right = 0] = row
      if (!row.includes(this.#unknown)) this.#ranks.set(this.#pair(left, right), rank)
    })
  }

  /** Ids of a word's tokens, in order; symbols that are no token are left out. */
  encode (word: string): number[] {
    const whole = this.#wholeWords ? this.#idOf.get(word) : undefined
    if (whole !== undefined) return [whole]
    const symbols = new Int32Array(word.length)
    for (let i = 0; i < word.length; i++) symbols[i] = this.#idOfCode[word.charCodeAt(i)] ?? this.#unknown
    this.#join(symbols)
    const tokens: number[] = []
    for (const id of symbols) if (id !== GONE && id !== this.#unknown) tokens.push(id)
    return tokens
  }

  /** @param symbols of a word; a joined pair stands at the place of its left symbol */
  #join (symbols: Int32Array): void {
    const { length } = symbols
    const next = new Int32Array(length)
    const previous = new Int32Array(length)
    for (let i = 0; i < length; i++) {
      next[i] = i + 1
      previous[i] = i - 1
    }
    const consider = (left: number): void => {
      const right = next[left] ?? length
      if (left < 0 || right >= length) return
      const rank = this.#ranks.get(this.#pair(symbols[left] ?? GONE, symbols[right] ?? GONE))
      if (rank !== undefined) this.#candidates.push(rank * length + left)
    }
    for (let i = 0; i < length - 1; i++) consider(i)
    for (let best = this.#candidates.pop(); best !== undefined; best = this.#candidates.pop()) {
      const rank = Math.floor(best / length)
      const left = best % length
      const right = next[left] ?? length
      // Another join came before.
      if (right >= length || symbols[left] !== this.#left[rank] || symbols[right] !== this.#right[rank]) continue
      symbols[left] = this.#joined[rank] ?? GONE
      symbols[right] = GONE
      const after = next[right] ?? length
      next[left] = after
      if (after < length) previous[after] = left
      consider(previous[left] ?? GONE)
      consider(left)
    }
  }

  #pair (left: number, right: number): number {
    return left * (this.#unknown + 1) + right
  }
}
