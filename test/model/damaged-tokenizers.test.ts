/** Tokenizers that are none, or another model's, though the manifest vouches for every byte: refused before any worker starts. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadModel } from '../../src/model/model.js'
import { copyOf } from '../support/copy.js'
import { editGraph, editTokenizer, flip, withoutMetadata, type Json } from '../support/model-folder.js'
import { otherThings, refuses, text, vouchedFor, type Cases, type Damage } from '../support/refusals.js'

type Vocabulary = Record<string, unknown>

/** The tokenizer with changes, in a folder whose graph does not say which one it was exported with. */
const tokenizer = (change: (json: Json) => void): Damage => async (directory) => {
  await editGraph(directory, withoutMetadata)
  await editTokenizer(directory, change)
}
const content = (bytes: string | Uint8Array): Damage => async (directory) => {
  await editGraph(directory, withoutMetadata)
  await vouchedFor('tokenizer.json', bytes)(directory)
}
const vocabulary = (change: (vocabulary: Vocabulary) => Vocabulary): Damage => tokenizer((json) => {
  const model = json['model'] as { vocab: Vocabulary }
  model.vocab = change(model.vocab)
})
const without = (field: string): Damage => tokenizer((json) => { Object.assign(json, { [field]: undefined }) })
const inModel = (changes: object): Damage => tokenizer(({ model }) => { Object.assign(model as Json, changes) })
const ids = (change: (id: number) => unknown): Damage => vocabulary((tokens) =>
  Object.fromEntries(Object.entries(tokens).map(([token, id]) => [token, change(id as number)])))

refuses('a tokenizer that is not the one that was hashed', 'tokenizer.json', {
  ...otherThings('tokenizer.json'),
  'cut short': [text('tokenizer.json', '{"model"'), /^it has 8 bytes, the manifest says \d+; fetch the model again$/],
  'a bit': [flip('tokenizer.json', 4000), /^its sha256 is .*; fetch the model again$/]
})

const kinds: Cases = {
  empty: [content(''), /^it is empty$/],
  'cut short': [async (directory) => { await content((await readFile(join(directory, 'tokenizer.json'), 'utf8')).slice(0, 5000))(directory) }, /^it is no JSON, or cut short: /],
  'not UTF-8': [content(Uint8Array.of(0x7b, 0xff)), /^it is not text in UTF-8$/],
  'a list': [content('[]'), /^it must be a JSON object, not a list$/],
  'an empty object': [content('{}'), /^model is missing$/],
  'without a vocabulary': [inModel({ vocab: undefined }), /^model\.vocab must be an object of tokens and their ids$/],
  'with a list for a vocabulary': [inModel({ vocab: [['a', -1.5]] }), /^model\.vocab must be an object of tokens and their ids$/],
  'without merges': [inModel({ merges: undefined }), /^model\.merges is missing$/],
  'with merges that are none': [inModel({ merges: [1, 2] }), /^it cannot be used as a tokenizer: /],
  'without added tokens': [without('added_tokens'), /^added_tokens is missing$/],
  'with an added token without an id': [tokenizer((json) => { json['added_tokens'] = [{ content: 'a' }] }), /^added_tokens\.0\.id is missing$/],
  'of another type': [inModel({ type: 'WordPiece' }), /^model\.type must be BPE, the only kind that is understood, not "WordPiece"$/],
  'of pieces instead of bytes': [tokenizer((json) => { Object.assign(json, { pre_tokenizer: { type: 'Metaspace' }, decoder: { type: 'Metaspace' } }) }), /^neither pre_tokenizer nor decoder is ByteLevel/],
  'with a bad regular expression': [tokenizer((json) => { json['pre_tokenizer'] = { type: 'Sequence', pretokenizers: [{ type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated', invert: false }, { type: 'ByteLevel', add_prefix_space: false, use_regex: false }] } }), /^it cannot be used as a tokenizer: Invalid regular expression/],
  'with an unknown step': [tokenizer((json) => { json['normalizer'] = { type: 'Shout' } }), /^it cannot be used as a tokenizer: .*Shout/]
}
refuses('a tokenizer that is none, or of a kind that is not understood', 'tokenizer.json', kinds)

refuses("a tokenizer of another model's vocabulary", 'tokenizer.json', {
  'no tokens': [vocabulary(() => ({})), /^it has 1 tokens, but vocab_size in the manifest is 320: it is not the tokenizer of this model$/],
  'half the tokens': [vocabulary((tokens) => Object.fromEntries(Object.entries(tokens).slice(0, 160))), /^it has 160 tokens, but vocab_size in the manifest is 320/],
  'ids beyond the vocabulary': [ids((id) => id === 0 ? 0 : id + 1000), /^token ".*" has the id \d+, but vocab_size in the manifest is 320$/],
  'one id beyond it': [ids((id) => id === 319 ? 321 : id), /^token ".*" has the id 321, but vocab_size in the manifest is 320$/],
  'an added token far beyond it': [tokenizer(({ added_tokens: added }) => { (added as Json[]).push({ id: 1e9, content: '<far>' }) }), /^token "<far>" has the id 1000000000, but/],
  'negative ids': [ids((id) => -id), /^token ".*" has the id -\d+, which is no whole number of 0 or more$/],
  'ids of text': [ids(String), /^token ".*" has the id "\d+", which is no whole number of 0 or more$/],
  'one id for two tokens': [ids((id) => id === 300 ? 301 : id), /^tokens ".*" and ".*" both have the id 301$/],
  'no end of text': [tokenizer((json) => {
    json['added_tokens'] = []
    delete ((json['model'] as Json)['vocab'] as Vocabulary)['<|endoftext|>']
  }), /^it has no token of the id 0, which ends a text by the manifest$/],
  'a name that would clear the screen': [vocabulary((tokens) => ({ ...tokens, '\u001b[2J\n': 9999 })), /^token "\\u001b\[2J\\n" has the id 9999, but/]
})

t.test('columns beyond the tokenizer, as networks are rounded up, and a mask that it names are no fault', async (t) => {
  const padded = await copyOf('tiny-text')
  await vocabulary((tokens) => Object.fromEntries(Object.entries(tokens).filter(([, id]) => (id as number) < 310)))(padded)
  const named = await copyOf('tiny-text')
  await tokenizer(({ added_tokens: added }) => { (added as Json[]).push({ id: 320, content: '[MASK]', special: true }) })(named)
  for (const directory of [padded, named]) t.equal((await loadModel(directory)).manifest.vocab_size, 320)
})
