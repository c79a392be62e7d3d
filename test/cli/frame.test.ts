import t from 'tap'
import { layCells } from '../../src/cli/cells.js'
import { displayWidth } from '../../src/cli/display-width.js'
import type { DraftPiece } from '../../src/cli/draft.js'
import { renderFrame } from '../../src/cli/frame.js'
import { printableJson } from '../../src/cli/printable.js'
import { wrap } from '../../src/cli/wrap.js'

const given = (text: string): DraftPiece => ({ text, given: true, changed: false })
const same = (text: string): DraftPiece => ({ text, given: false, changed: false })
const changed = (text: string): DraftPiece => ({ text, given: false, changed: true })

function frame (pieces: DraftPiece[], options: { columns?: number, rows?: number, color?: boolean } = {}): string[] {
  return renderFrame([{ pieces, status: 'step 1/8' }], { columns: 20, rows: 24, color: false, ...options }).map(({ text }) => text)
}

t.test('text is wrapped at spaces, with its status below', async (t) => {
  const cases = [
    { pieces: [same('')], lines: [''] },
    { pieces: [given('Once'), same(' upon a time')], lines: ['Once upon a time'] },
    { pieces: [same('the little red hen found a grain')], lines: ['the little red hen', 'found a grain'] },
    { pieces: [same('exactly twenty chars and more')], lines: ['exactly twenty chars', 'and more'] },
    { pieces: [same('one\ntwo\n\nthree')], lines: ['one', 'two', '', 'three'] },
    { pieces: [same('a pneumonoultramicroscopicsilico word')], lines: ['a', 'pneumonoultramicrosc', 'opicsilico word'] },
    { pieces: [same('a '), ...new Array<DraftPiece>(30).fill(same('░'))], lines: ['a ' + '░'.repeat(18), '░'.repeat(12)] },
    { pieces: [same('龍龍龍龍龍龍龍龍龍龍龍')], lines: ['龍'.repeat(10), '龍'] }
  ]
  for (const { pieces, lines } of cases) t.same(frame(pieces), [...lines, 'step 1/8'])
})

t.test('no line is wider than the terminal, and no character is lost but the spaces at breaks', async (t) => {
  const text = 'Once upon a time there was a龍 who lived in a pneumonoultramicroscopicsilicovolcanic hill. \n\nThe ░░░ end.'
  for (let columns = 2; columns < 60; columns++) {
    const lines = wrap(layCells([same(text)]), columns)
    t.ok(lines.every((line) => line.reduce((sum, { width }) => sum + width, 0) <= columns))
    t.equal(lines.flat().map((cell) => cell.text).join('').replaceAll(' ', ''), text.replaceAll(/\s/g, ''))
  }
})

t.test('the prompt is bold, masks are dim, and words that changed stand out', async (t) => {
  const bold = (text: string): string => `\x1b[1m${text}\x1b[0m`
  const dim = (text: string): string => `\x1b[2m${text}\x1b[0m`
  const green = (text: string): string => `\x1b[1;32m${text}\x1b[0m`
  const cases = [
    { pieces: [given('Once'), same(' upon')], line: `${bold('Once')} upon` },
    { pieces: [same('a'), same('░░'), same(' cat')], line: `a${dim('░░')} cat` },
    { pieces: [same('the'), changed(' cat'), same(' sat')], line: `the ${green('cat')} sat` },
    { pieces: [same('re'), changed('turn'), same('ed to')], line: `${green('returned')} to` },
    { pieces: [changed('re'), same('░'), same('ed')], line: `${green('re')}${dim('░')}${green('ed')}` },
    { pieces: [given('un'), changed('happy')], line: `${bold('un')}${green('happy')}` },
    { pieces: [changed('░')], line: dim('░') }
  ]
  for (const { pieces, line } of cases) t.equal(frame(pieces, { color: true })[0], line)
})

t.test('without colours there are no escape sequences', async (t) => {
  t.same(frame([given('Once'), changed(' upon'), same('░')]), ['Once upon░', 'step 1/8'])
})

t.test('what a model writes cannot control the terminal', async (t) => {
  const evil = 'a\x1b[2Jb\x07c\x9bd\u202ee\tf\r\ng'
  t.same(frame([same(evil)]), ['a\ufffd[2Jb\ufffdc\ufffdd\ufffde f', 'g', 'step 1/8'])
})

t.test('nor can it reorder the text or break its lines with marks that nobody sees', async (t) => {
  const marks = ['\u061c', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069', '\u206a', '\u206f', '\u2028', '\u2029', '\ufff9', '\ufffb', '\ud800']
  for (const mark of marks) {
    t.same(frame([same(`a${mark}b`)]), ['a\ufffdb', 'step 1/8'], mark.charCodeAt(0).toString(16))
    const json = printableJson({ text: `a${mark}\x9b\n\u{1f600}` })
    t.notOk(json.includes(mark) || json.includes('\x9b'))
    t.same(JSON.parse(json), { text: `a${mark}\x9b\n\u{1f600}` })
  }
})

t.test('what joins characters is left: emoji of several parts, Persian, combining marks', async (t) => {
  for (const text of ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645', 'e\u0301', '\u2764\ufe0f']) t.equal(frame([same(text)])[0], text)
})

t.test('a text taller than the screen shows its beginning and says how much is below', async (t) => {
  const text = same(Array.from({ length: 10 }, (_, i) => `line ${i + 1}`).join('\n'))
  t.same(frame([text], { rows: 4, columns: 40 }), ['line 1', 'line 2', 'line 3', 'step 1/8 · 7 more lines'])
  t.equal(frame([text], { rows: 11 }).length, 11)
  t.equal(frame([text], { rows: Infinity }).length, 11)
})

t.test('several outputs share the screen', async (t) => {
  const pieces = [same('1\n2\n3\n4\n5')]
  const outputs = [{ pieces, status: 'first' }, { pieces, status: 'second' }]
  const lines = renderFrame(outputs, { columns: 40, rows: 7, color: false }).map(({ text }) => text)
  t.same(lines, ['1', '2', 'first · 3 more lines', '', '1', '2', 'second · 3 more lines'])
})

t.test('outputs for which there is no room are counted', async (t) => {
  const outputs = Array.from({ length: 16 }, (_, i) => ({ pieces: [same('text')], status: `output ${i + 1}` }))
  const lines = renderFrame(outputs, { columns: 40, rows: 9, color: false }).map(({ text }) => text)
  t.same(lines, ['text', 'output 1', '', 'text', 'output 2', '', 'text', 'output 3 · 13 more outputs'])
  t.equal(renderFrame(outputs, { columns: 40, rows: Infinity, color: false }).length, 16 * 3 - 1)
})

t.test('characters have the width that terminals give them', async (t) => {
  const cases = [['a', 1], ['é', 1], ['░', 1], ['龍', 2], ['😀', 2], ['\u0301', 0], ['\u200b', 0], ['\ufffd', 1]] as const
  for (const [character, width] of cases) t.equal(displayWidth(character), width, character)
})
