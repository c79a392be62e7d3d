/** The lines that long trials write of themselves. */
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { tableLine, withLine } from '../trial/report.js'

const DAY = new Date('2026-02-03T23:00:00Z')

t.test('a line says when and where, and whether the promise was kept', async (t) => {
  t.match(tableLine({ trial: 'a trial', seen: 'all well', kept: true }, DAY), /^\| a trial \| 3 February 2026, \d+ CPUs \(\w+\), Node [\d.]+ \| all well \| yes \|$/)
  t.match(tableLine({ trial: 'a trial', seen: 'not so', kept: false }, DAY), /\| \*\*no\*\* \|$/)
})

t.test('it takes the place of the one of the same trial, or comes last; nothing else changes', async (t) => {
  const document = await readFile(new URL('../../docs/reliability.md', import.meta.url), 'utf8')
  const one = withLine(document, '| one | then | this | yes |')
  const both = withLine(one, '| one more | then | this | yes |')
  t.equal(both.length, document.length + '| one | then | this | yes |\n| one more | then | this | yes |\n'.length)
  const again = withLine(both, '| one | now | that | yes |')
  t.equal(again, both.replace('| one | then | this |', '| one | now | that |'))
  t.match(again, /\n\|---.*\n(\|.*\n)*\| one \| now \| that \| yes \|\n\| one more \| then \| this \| yes \|\n\n/)
  t.throws(() => withLine('# Another document\n', '| one |'), /no table/)
})
