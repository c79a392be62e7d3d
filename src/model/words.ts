/** The words of a text, one after another: whoever has enough of them stops, and what follows costs nothing. */
import { bytesOf } from './byte-symbols.js'

/** How a tokenizer makes words. */
export interface WordRules {
  readonly normalize: (text: string) => string
  /** All words of a text, in the byte-level alphabet. Where the next word begins depends on nothing before it. */
  readonly split: (text: string) => string[]
}

/** Characters that are looked at together. */
const PART = 512
/** A longer word is cut here. No language has such words; the tokens at the cut may be others than those of the whole word. */
const LONGEST_WORD = 1024
/** May join with the character before it when a text is normalised: marks, and the vowels and final consonants of Hangul. */
const JOINING = /[\p{M}\u1160-\u11ff]/u

export function * wordsOf (text: string, { normalize, split }: WordRules): Generator<string, void, undefined> {
  let open = ''
  for (const part of partsOf(text)) {
    const words = split(open + normalize(part))
    // The last one may go on in the next part.
    const last = words.pop() ?? ''
    yield * words
    open = Buffer.from(bytesOf(last)).toString()
    if (open.length < LONGEST_WORD) continue
    yield last
    open = ''
  }
  yield * split(open)
}

/**
 * Parts of PART characters or a few less, which can be normalised each by itself. Together it would take time that grows with
 * the square of the number of marks that follow each other: a minute for a megabyte of them.
 */
function * partsOf (text: string): Generator<string, void, undefined> {
  for (let begin = 0; begin < text.length;) {
    const end = begin + PART < text.length ? cutBefore(text, begin + PART) : text.length
    yield text.slice(begin, end)
    begin = end
  }
}

/** The last place at or before `limit` where a character begins that joins with nothing before it; within reason. */
function cutBefore (text: string, limit: number): number {
  for (let at = limit; at > limit - PART / 2; at--) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
    if (character.isWellFormed() && !JOINING.test(character)) return at
  }
  return (text.codePointAt(limit - 1) ?? 0) > 0xffff ? limit - 1 : limit
}
