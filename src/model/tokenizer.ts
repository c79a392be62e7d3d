/** Text to token ids and back, with one text piece a token. */
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers'
import { problem } from './files.js'
import { reasonOf } from './quote.js'
import { readTokenizerFile } from './tokenizer-file.js'

/** GPT-2's byte-level alphabet: the character that stands for a byte, inverted. */
const BYTE_OF_CHARACTER = new Map<string, number>()
for (let byte = 0, next = 256; byte < 256; byte++) {
  const quote = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  BYTE_OF_CHARACTER.set(String.fromCodePoint(quote ? byte : next++), byte)
}

/** What a mask token looks like in the text of an unfinished canvas. */
export const MASK_PIECE = '░'

/** Letters, digits, spaces, signs, and characters of several bytes. */
const TRIAL = 'Once upon a time, 12 foxes 🦊 said:\n  "Très bien!"'

export interface TokenizerOptions {
  readonly maskTokenId: number | null
  readonly endOfTextTokenId: number | null
}

export class Tokenizer {
  readonly endOfTextTokenId: number | null
  readonly #tokenizer: HfTokenizer
  readonly #maskTokenId: number | null
  readonly #bytes = new Map<number, Uint8Array>()

  constructor (json: object, options: TokenizerOptions) {
    this.#tokenizer = new HfTokenizer(json, {})
    this.#maskTokenId = options.maskTokenId
    this.endOfTextTokenId = options.endOfTextTokenId
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

  encode (text: string): number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: false }).ids
  }

  /**
   * The text piece of each token: their concatenation is the decoded text. A character whose bytes are spread over several tokens belongs to
   * the token that completes it; bytes that complete nothing become U+FFFD.
   * @param given whether the tokens come from a text, where what reads like a mask token is none, but was written
   */
  pieces (tokens: ArrayLike<number>, { given = false }: { readonly given?: boolean } = {}): string[] {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    const pieces = Array.from(tokens, (token) => {
      if (token === this.#maskTokenId && !given) return decoder.decode() + MASK_PIECE
      return decoder.decode(this.#bytesOf(token), { stream: true })
    })
    const rest = decoder.decode()
    if (rest !== '') pieces.push((pieces.pop() ?? '') + rest)
    return pieces
  }

  decode (tokens: ArrayLike<number>): string {
    return this.pieces(tokens).join('')
  }

  #bytesOf (token: number): Uint8Array {
    let bytes = this.#bytes.get(token)
    if (bytes === undefined) {
      const symbols = this.#tokenizer.id_to_token(token) ?? ''
      const special = token === this.endOfTextTokenId
      bytes = special
        ? new TextEncoder().encode(symbols)
        : Uint8Array.from([...symbols].flatMap((c) => BYTE_OF_CHARACTER.get(c) ?? [...new TextEncoder().encode(c)]))
      this.#bytes.set(token, bytes)
    }
    return bytes
  }
}
