import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Tokenizer as Library } from '@huggingface/tokenizers'
import t from 'tap'
import { DEFAULT_MODEL } from '../../src/config.js'
import { Tokenizer } from '../../src/model/tokenizer.js'
import { Draw } from '../support/draw.js'

const json = JSON.parse(await readFile(join(DEFAULT_MODEL, 'tokenizer.json'), 'utf8')) as { model: object, pre_tokenizer: object, added_tokens: object[] }
const OPTIONS = { maskTokenId: 4096, endOfTextTokenIds: [0] }

const QWEN_WORDS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
const qwen = {
  ...json,
  normalizer: { type: 'NFC' },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: QWEN_WORDS }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false }
    ]
  }
}
const KINDS = {
  'the embedded model': json,
  'like Qwen': qwen,
  'like Llama 3, where a word that is a token is that token': { ...qwen, normalizer: null, model: { ...json.model, ignore_merges: true } },
  'with a space before the text': { ...json, pre_tokenizer: { ...json.pre_tokenizer, add_prefix_space: true } }
}

const BITS = ['the', 'quick ', '  ', '\n', '\n\n ', '\t', 'é', 'e\u0301', '한국', '\u1112\u1161\u11ab', '😀', '👩‍👩‍👧', '123', '4567890', "'s", "don't", '"Hello," ',
  'Ünder', '中文字符，', '，', 'x'.repeat(30), ' grandmother', '...', '\u00a0', '\r\n', '𝒳', '\ufeff', 'ไทย']

t.test('texts become the tokens that the tokenizers library makes of them', async (t) => {
  for (const [kind, tokenizer] of Object.entries(KINDS)) {
    const library = new Library(tokenizer, {})
    const ours = new Tokenizer(tokenizer, OPTIONS)
    for (let seed = 1; seed <= 150; seed++) {
      const draw = new Draw(seed)
      const text = Array.from({ length: draw.integer(1, seed % 15 === 0 ? 1500 : 30) }, () => draw.of(BITS)).join('')
      const expected = library.encode(text, { add_special_tokens: false }).ids
      if (JSON.stringify(ours.encode(text)) !== JSON.stringify(expected)) t.fail(`${kind}: ${JSON.stringify(text).slice(0, 200)}`)
    }
    t.pass(kind)
  }
})

t.test('no more is read than is asked for', async (t) => {
  const tokenizer = new Tokenizer(json, OPTIONS)
  const text = 'The fox said good day to the wind. '.repeat(1000)
  const all = tokenizer.encode(text)
  const some = tokenizer.encode(text, { limit: 100 })
  t.equal(some.length, 101)
  t.same(some, all.slice(0, 101))
  t.same(tokenizer.encode('The fox', { limit: 100 }), tokenizer.encode('The fox'))
})

t.test('special tokens that are spelt out are text, unless they are allowed to be more', async (t) => {
  const added = [...json.added_tokens, { id: 4096, content: '<|mask|>' }, { id: 4097, content: '<tool>', special: false }, { id: 4098, content: '<tool>s', special: true }]
  const tokenizer = new Tokenizer({ ...json, added_tokens: added }, OPTIONS)
  const text = 'a<|endoftext|>b<|mask|><tool><tool>sc'
  const plain = tokenizer.encode(text)
  t.equal(tokenizer.decode(plain), text)
  t.same(plain.filter((id) => id === 0 || id >= 4096), [4097, 4097], 'added tokens that are text are themselves')
  t.same(tokenizer.encode(text, { allowSpecial: true }), ['a', 0, 'b', 4096, 4097, 4098, 'c'].flatMap((part) => typeof part === 'number' ? part : tokenizer.encode(part)))
})

t.test('another kind of tokenizer is refused', async (t) => {
  t.throws(() => new Tokenizer({ ...json, pre_tokenizer: { type: 'Metaspace' } }, OPTIONS), /not byte-level BPE/)
  t.throws(() => new Tokenizer({ ...json, pre_tokenizer: null }, OPTIONS), /not byte-level BPE/)
  t.throws(() => new Tokenizer({ ...json, model: { ...json.model, type: 'Unigram' } }, OPTIONS), /not byte-level BPE/)
})
