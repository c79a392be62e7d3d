import { join } from 'node:path'
import t from 'tap'
import { MASK_PIECE, Tokenizer } from '../../src/model/tokenizer.js'
import { fixture } from '../support/engine.js'

const MASK = 320
const END_OF_TEXT = 0

t.test('the tokenizer', async (t) => {
  const tokenizer = await Tokenizer.load(join(fixture('tiny-text'), 'tokenizer.json'), { maskTokenId: MASK, endOfTextTokenIds: [END_OF_TEXT] })

  for (const text of ['Once upon a time', '  two spaces\nand a line', 'naïve café', 'a fox 🦊 and an owl 🦉', '中文', 'tab\tand \u00a0 space']) {
    await t.test(`gives back what it was given: ${JSON.stringify(text)}`, async (t) => {
      const ids = tokenizer.encode(text)
      t.equal(tokenizer.decode(ids), text)
      t.equal(tokenizer.pieces(ids).length, ids.length)
      t.ok(ids.every((id) => id < MASK))
    })
  }

  await t.test('gives a character to the token that completes it', async (t) => {
    const pieces = tokenizer.pieces(tokenizer.encode('é'))
    t.same(pieces, ['', 'é'])
  })

  await t.test('shows bytes that complete nothing as U+FFFD', async (t) => {
    const [first] = tokenizer.encode('é')
    t.equal(tokenizer.decode([first ?? 0]), '\ufffd')
    t.equal(tokenizer.decode([first ?? 0, ...tokenizer.encode('a')]), '\ufffda')
    t.equal(tokenizer.decode([first ?? 0, MASK]), `\ufffd${MASK_PIECE}`)
  })

  await t.test('joined pieces are the text, whatever the tokens', async (t) => {
    let state = 12345
    for (let round = 0; round < 200; round++) {
      const tokens = Array.from({ length: 20 }, () => (state = (state * 1103515245 + 12345) % 2 ** 31) % (MASK + 1))
      const pieces = tokenizer.pieces(tokens)
      t.equal(pieces.length, tokens.length)
      t.equal(pieces.join(''), tokenizer.decode(tokens))
    }
  })

  await t.test('shows a mask, and the end of text by its name', async (t) => {
    t.same(tokenizer.pieces([MASK, END_OF_TEXT]), [MASK_PIECE, '<|endoftext|>'])
  })

  await t.test('spells out a mask token of the vocabulary where it was written, in a given text', async (t) => {
    const [a = 0, b = 0] = tokenizer.encode('ab')
    const inside = await Tokenizer.load(join(fixture('tiny-text'), 'tokenizer.json'), { maskTokenId: a, endOfTextTokenIds: [END_OF_TEXT] })
    t.same(inside.pieces([a, b]), [MASK_PIECE, 'b'])
    t.same(inside.pieces([a, b], { given: true }), ['a', 'b'])
  })
})
