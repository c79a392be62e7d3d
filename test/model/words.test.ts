import t from 'tap'
import { wordsOf, type WordRules } from '../../src/model/words.js'

/**
 * Words as GPT-2 makes them of ASCII, which stands for itself in the byte-level alphabet but for the space; with a record of
 * what was looked at.
 */
class Watched implements WordRules {
  readonly normalized: string[] = []
  readonly splits: string[] = []

  readonly normalize = (text: string): string => {
    this.normalized.push(text)
    return text.normalize('NFC')
  }

  readonly split = (text: string): string[] => {
    this.splits.push(text)
    return (text.match(/ ?[a-z]+| ?[0-9]+| +(?! )| +/g) ?? []).map((word) => word.replaceAll(' ', 'Ġ'))
  }
}

const SENTENCES = 'the fox  and 12 owls '.repeat(500)

t.test('words are those of the whole text, though it is read in parts', async (t) => {
  for (const text of ['', 'fox', ' ', SENTENCES, ` ${SENTENCES}`, `x${SENTENCES}`, SENTENCES.trimEnd(), `${'ab '.repeat(171)}${' '.repeat(700)}c`]) {
    t.same([...wordsOf(text, new Watched())], new Watched().split(text), `${text.length} characters`)
  }
})

t.test('who takes one word has no more looked at than a part of the text', async (t) => {
  const rules = new Watched()
  const [first] = wordsOf(SENTENCES, rules)
  t.equal(first, 'the')
  t.same([rules.normalized, rules.splits].map((texts) => texts.map(({ length }) => length)), [[512], [512]])
})

t.test('who takes all words has each character looked at a few times, however long the words are', async (t) => {
  for (const text of [SENTENCES, 'x'.repeat(100_000), `${'x'.repeat(700)} `.repeat(140), ' '.repeat(100_000)]) {
    const rules = new Watched()
    const words = [...wordsOf(text, rules)]
    t.equal(words.join('').replaceAll('Ġ', ' '), text)
    t.ok(words.every(({ length }) => length < 1024 + 512))
    t.ok(rules.splits.join('').length < 4 * text.length)
  }
})

t.test('a text is normalised in parts that lose nothing, and never in long ones', async (t) => {
  const texts = {
    marks: 'e\u0301\u0316'.repeat(400),
    Hangul: '\u1112\u1161\u11ab'.repeat(400),
    'pairs of surrogates': `x${'\u{1d15e}'.repeat(400)}`,
    letters: 'é'.repeat(1000)
  }
  for (const [name, text] of Object.entries(texts)) {
    const rules = new Watched()
    t.ok([...wordsOf(text, rules)].length <= 1, 'none of these is a word by the rules of this test')
    t.equal(rules.normalized.join(''), text, name)
    t.equal(rules.normalized.map((part) => part.normalize('NFC')).join(''), text.normalize('NFC'), name)
    t.ok(rules.normalized.every((part) => part.length <= 512 && part.isWellFormed()), name)
  }
  const endless = new Watched()
  t.same([...wordsOf('\u0301\u0316'.repeat(5000), endless)], [])
  t.ok(endless.normalized.every(({ length }) => length <= 512), 'marks without end are cut all the same')
})
