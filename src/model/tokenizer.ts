/** Text to token ids and back, with one text piece a token. */
import { isUtf8 } from 'node:buffer'
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers'
import { Bpe, type BpeTable } from './bpe.js'
import { bytesOf } from './byte-symbols.js'
import { problem } from './files.js'
import { reasonOf } from './quote.js'
import { readTokenizerFile } from './tokenizer-file.js'
import { wordsOf, type WordRules } from './words.js'

/** What a mask token looks like in the text of an unfinished canvas. */
export const MASK_PIECE = '░'
/** Bytes of a character in UTF-8 after its first one, at most. */
const MAX_FOLLOWING = 3

/** A noncharacter, which no text has: in the middle of what is spelt like a special token it says that it is text. */
const TEXT_MARK = '\ufdd0'

/** Letters, digits, spaces, signs, and characters of several bytes. */
const TRIAL = 'Once upon a time, 12 foxes 🦊 said:\n  "Très bien!"'

export interface TokenizerOptions {
  readonly maskTokenId: number | null
  readonly endOfTextTokenIds: readonly number[]
}

export interface EncodeOptions {
  /** Whether what is spelt like a special token, such as <|endoftext|>, is that token. Else it is text like any other. */
  readonly allowSpecial?: boolean | undefined
  /** Stop at the first word that ends beyond so many tokens. */
  readonly limit?: number
}

/** What is looked into of a tokenizer.json. */
interface TokenizerJson {
  readonly model: BpeTable & { readonly type?: string }
  readonly pre_tokenizer: object | null
  readonly added_tokens?: readonly AddedToken[]
}

interface AddedToken {
  readonly id: number
  readonly content: string
  /** Whether it is no text, but means something. */
  readonly special?: boolean
}

export class Tokenizer {
  /** A text ends before any of them. */
  readonly endOfTextTokenIds: ReadonlySet<number>
  readonly #maskTokenId: number | null
  readonly #library: HfTokenizer
  readonly #bpe: Bpe
  readonly #words: WordRules
  readonly #beginsWithSpace: boolean
  readonly #addedIds: ReadonlyMap<string, number>
  readonly #plainTokens: RegExp | undefined
  readonly #allAddedTokens: RegExp | undefined
  readonly #specialTokens: RegExp | undefined
  readonly #specialIds: ReadonlySet<number>
  /** By token: its text, or its bytes where they are no whole characters. */
  readonly #spellings = new Map<number, string | Uint8Array>()

  /** @throws Error where it is no byte-level BPE */
  constructor (json: object, { maskTokenId, endOfTextTokenIds }: TokenizerOptions) {
    const { model, pre_tokenizer: preTokenizer, added_tokens: added = [] } = json as TokenizerJson
    const rules = JSON.stringify(preTokenizer)
    if (model.type !== 'BPE' || !rules.includes('"type":"ByteLevel"')) {
      throw new Error('it is not byte-level BPE, the one kind of tokenizer that is read')
    }
    this.#maskTokenId = maskTokenId
    this.endOfTextTokenIds = new Set(endOfTextTokenIds)
    const special = added.filter(({ id, special }) => special === true || id === maskTokenId || this.endOfTextTokenIds.has(id))
    // Texts come in parts here, and only the first has a space before it. The merges are applied by `Bpe`.
    this.#library = new HfTokenizer({
      ...json,
      pre_tokenizer: JSON.parse(rules.replaceAll('"add_prefix_space":true', '"add_prefix_space":false')) as object,
      model: { ...model, merges: [] }
    }, {})
    this.#beginsWithSpace = rules.includes('"add_prefix_space":true')
    this.#bpe = new Bpe({ ...model, vocab: without(model.vocab, special) })
    this.#words = {
      normalize: (text) => this.#library.normalizer?.normalize(text) ?? text,
      split: (text) => this.#library.pre_tokenizer?.pre_tokenize(text) ?? []
    }
    this.#addedIds = new Map(added.map(({ content, id }) => [content, id]))
    this.#plainTokens = anyOf(added.filter((token) => !special.includes(token)))
    this.#allAddedTokens = anyOf(added)
    this.#specialTokens = anyOf(special)
    this.#specialIds = new Set(special.map(({ id }) => id))
  }

  /** @throws Error with one sentence: the file, and what in it cannot be understood */
  static async load (file: string, options: TokenizerOptions): Promise<Tokenizer> {
    return Tokenizer.from(file, await readTokenizerFile(file), options)
  }

  /** @throws Error like `load` */
  static from (file: string, json: object, options: TokenizerOptions): Tokenizer {
    try {
      const tokenizer = new Tokenizer(json, options)
      // Some faults, such as a merge that is none, show only in use.
      tokenizer.encode(TRIAL)
      return tokenizer
    } catch (cause) {
      throw problem(file, `it cannot be used as a tokenizer: ${reasonOf(cause)}`, cause)
    }
  }

  /** @returns all tokens of the text, or more than `limit` of its first ones */
  encode (text: string, { allowSpecial = false, limit = Infinity }: EncodeOptions = {}): number[] {
    const tokens: number[] = []
    for (const word of this.words(text, allowSpecial)) {
      tokens.push(...word)
      if (tokens.length > limit) break
    }
    return tokens
  }

  /** The same word by word, for whoever does something else in between. */
  * words (text: string, allowSpecial = false): Generator<number[], void, undefined> {
    const whole = this.#beginsWithSpace && text !== '' && !text.startsWith(' ') ? ` ${text}` : text
    const added = allowSpecial ? this.#allAddedTokens : this.#plainTokens
    // Splitting on a capture alternates text, added token, text, ...
    const sections = added === undefined ? [whole] : whole.split(added)
    for (const [i, section] of sections.entries()) {
      if (i % 2 === 1) yield [this.#addedIds.get(section) ?? 0]
      else for (const word of wordsOf(section.replaceAll(TEXT_MARK, ''), this.#words)) yield this.#bpe.encode(word)
    }
  }

  /** The text as part of one that `encode` reads with special tokens allowed: what is spelt like one in it stays text. */
  asText (text: string): string {
    if (this.#specialTokens === undefined) return text
    const mark = (part: string, i: number): string => i % 2 === 0 ? part : part[0] + TEXT_MARK + part.slice(1)
    return text.replaceAll(TEXT_MARK, '').split(this.#specialTokens).map(mark).join('')
  }

  /** Whether a token is no text, but means something. */
  isSpecial (token: number): boolean {
    return this.#specialIds.has(token)
  }

  /**
   * The text piece of each token: their concatenation is the decoded text. A character whose bytes are spread over several
   * tokens belongs to the token that completes it; bytes that complete nothing become U+FFFD.
   * @param given whether the tokens come from a text, where what reads like a mask token is none, but was written
   */
  pieces (tokens: ArrayLike<number>, { given = false }: { readonly given?: boolean } = {}): string[] {
    // Most tokens are whole characters: there is a decoder only where some are not.
    let decoder: InstanceType<typeof TextDecoder> | undefined
    const pieces = Array.from(tokens, (token) => {
      const spelling = token === this.#maskTokenId && !given ? MASK_PIECE : this.#spellingOf(token)
      if (typeof spelling === 'string') return decoder === undefined ? spelling : decoder.decode() + spelling
      decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })
      return decoder.decode(spelling, { stream: true })
    })
    const rest = decoder?.decode() ?? ''
    if (rest !== '') pieces.push((pieces.pop() ?? '') + rest)
    return pieces
  }

  /**
   * How many of the tokens end before bytes of a character that is not whole yet. What follows does not change what these stand for:
   * their pieces are those that they have with whatever comes after them, whose pieces in turn need none of them.
   */
  closed (tokens: ArrayLike<number>): number {
    let length = tokens.length
    while (length > 0 && this.#isOpen(tokens, length)) length--
    return length
  }

  decode (tokens: ArrayLike<number>): string {
    return this.pieces(tokens).join('')
  }

  /** Whether the first `length` tokens end within a character. */
  #isOpen (tokens: ArrayLike<number>, length: number): boolean {
    let following = 0
    for (let i = length - 1; i >= 0; i--) {
      const token = tokens[i] ?? 0
      const spelling = token === this.#maskTokenId ? MASK_PIECE : this.#spellingOf(token)
      if (typeof spelling === 'string') return false
      for (const byte of spelling.toReversed()) {
        // 10xxxxxx follows a first byte, which says by its leading ones how many bytes there are.
        if (byte >> 6 !== 0b10) return following + 1 < Math.max(1, Math.clz32(~(byte << 24)))
        if (++following === MAX_FOLLOWING) return false
      }
    }
    return false
  }

  #spellingOf (token: number): string | Uint8Array {
    let spelling = this.#spellings.get(token)
    if (spelling === undefined) {
      const symbols = this.#library.id_to_token(token) ?? ''
      const bytes = this.endOfTextTokenIds.has(token) ? Buffer.from(symbols) : Buffer.from(bytesOf(symbols))
      spelling = isUtf8(bytes) ? bytes.toString() : bytes
      this.#spellings.set(token, spelling)
    }
    return spelling
  }
}

function without (vocab: BpeTable['vocab'], tokens: readonly AddedToken[]): BpeTable['vocab'] {
  const left = { ...vocab }
  for (const { content } of tokens) Reflect.deleteProperty(left, content)
  return left
}

/** Matches, and captures, whichever of the tokens comes first, of those that begin alike the longest. */
function anyOf (tokens: readonly AddedToken[]): RegExp | undefined {
  if (tokens.length === 0) return undefined
  const contents = tokens.map(({ content }) => content).sort((a, b) => b.length - a.length)
  return new RegExp(`(${contents.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')})`)
}
