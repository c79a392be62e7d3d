import t from 'tap'
import { editDistance, suggest } from '../../../src/http/errors/suggest.js'

t.test('edit distance counts insertions, deletions and replacements', async (t) => {
  const cases = [['', '', 0], ['abc', 'abc', 0], ['abc', '', 3], ['kitten', 'sitting', 3], ['steps', 'stepps', 1]] as const
  for (const [a, b, distance] of cases) {
    t.equal(editDistance(a, b), distance)
    t.equal(editDistance(b, a), distance)
  }
})

t.test('a near word is suggested, a far one is not', async (t) => {
  const known = ['prompt', 'max_tokens', 'steps', 'top_k', 'n']
  t.equal(suggest('maxTokens', known), 'max_tokens')
  t.equal(suggest('max-tokens', known), 'max_tokens')
  t.equal(suggest('step', known), 'steps')
  t.equal(suggest('Prompt', known), 'prompt')
  t.equal(suggest('colour', known), undefined)
  t.equal(suggest('x'.repeat(1000), known), undefined)
})
