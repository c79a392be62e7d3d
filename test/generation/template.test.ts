import t from 'tap'
import { parseTemplate as partsOf, type TemplatePart } from '../../src/generation/template.js'

function parseTemplate (template: string, maxLength: number): TemplatePart[] {
  return [...partsOf(template, maxLength)]
}

t.test('a template is texts and gaps in order', async (t) => {
  t.same(parseTemplate('The [[3]] sat. [[12]]', 64), [{ text: 'The' }, { gap: 3 }, { text: ' sat.' }, { gap: 12 }])
  t.same(parseTemplate('[[1]][[2]]', 64), [{ gap: 1 }, { gap: 2 }])
})

t.test('one space before a gap is left to the gap, whose first token brings it', async (t) => {
  t.same(parseTemplate('a [[1]] [[2]]  [[3]]', 64), [{ text: 'a' }, { gap: 1 }, { gap: 2 }, { text: ' ' }, { gap: 3 }])
})

t.test('a gap with bars between texts takes one of them, each with the space before the gap', async (t) => {
  t.same(parseTemplate('a [[red|light blue|]|x]] [[b|c]][[2]]', 64), [{ text: 'a [[red|light blue|]|x]]' }, { choices: [' b', ' c'] }, { gap: 2 }])
  t.same(parseTemplate('[[1|2]]', 64), [{ choices: ['1', '2'] }])
})

t.test('a template of a million brackets and bars is read in no time', async (t) => {
  for (const part of ['[[|', '[[', '|', ' [[a|', ']]|[[']) {
    t.throws(() => parseTemplate(part.repeat(300_000), 64), { code: 'invalid_template' }, part)
  }
})

t.test('brackets without a number are text', async (t) => {
  t.same(parseTemplate('[[a]] [1] [[2]]', 64), [{ text: '[[a]] [1]' }, { gap: 2 }])
})

t.test('a template without a gap, or with one of no use, is refused', async (t) => {
  for (const template of ['no gap', '', '[[0]]', '[[65]]', `[[${'9'.repeat(400)}]]`, 'fine [[2]] but [[0]]', '[[a|]]', '[[a|b|a]]', `[[${'a|'.repeat(64)}b]]`]) {
    t.throws(() => parseTemplate(template, 64), { code: 'invalid_template', statusCode: 422, field: 'template' }, template.slice(0, 20))
  }
})

t.test('parts come one by one, and what follows a part that is taken is not looked at', async (t) => {
  const [first] = partsOf('a[[1]][[999]]', 64)
  t.same(first, { text: 'a' })
})
