import t from 'tap'
import { layCells } from '../../src/cli/cells.js'
import { displayWidth } from '../../src/cli/display-width.js'
import type { DraftPiece } from '../../src/cli/draft.js'
import { renderFrame } from '../../src/cli/frame.js'
import { legendOf } from '../../src/cli/legend.js'
import { paletteOf } from '../../src/cli/palette.js'
import { printableJson } from '../../src/cli/printable.js'
import { wrap } from '../../src/cli/wrap.js'
import { withoutEscapes } from '../support/terminal.js'

const given = (text: string): DraftPiece => ({ text, given: true, changed: false })
const same = (text: string): DraftPiece => ({ text, given: false, changed: false })
const changed = (text: string): DraftPiece => ({ text, given: false, changed: true })
const mask: DraftPiece = { text: '░', masked: true }
const level = (text: string, level: number): DraftPiece => ({ text, level })

function frame (pieces: DraftPiece[], { color = false, ...options }: { columns?: number, rows?: number, color?: boolean } = {}): string[] {
  return renderFrame([{ pieces, status: 'step 1/8' }], { columns: 20, rows: 24, palette: color ? paletteOf(4, 'live') : undefined, ...options }).map(({ text }) => text)
}

t.test('text is wrapped at spaces, with its status below', async (t) => {
  const cases = [
    { pieces: [same('')], lines: [''] },
    { pieces: [given('Once'), same(' upon a time')], lines: ['Once upon a time'] },
    { pieces: [same('the little red hen found a grain')], lines: ['the little red hen', 'found a grain'] },
    { pieces: [same('exactly twenty chars and more')], lines: ['exactly twenty chars', 'and more'] },
    { pieces: [same('one\ntwo\n\nthree')], lines: ['one', 'two', '', 'three'] },
    { pieces: [same('a pneumonoultramicroscopicsilico word')], lines: ['a', 'pneumonoultramicrosc', 'opicsilico word'] },
    { pieces: [same('a '), ...new Array<DraftPiece>(30).fill(mask)], lines: ['a ' + '░'.repeat(18), '░'.repeat(12)] },
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
    { pieces: [same('a'), mask, mask, same(' cat')], line: `a${dim('░░')} cat` },
    { pieces: [same('the'), changed(' cat'), same(' sat')], line: `the ${green('cat')} sat` },
    { pieces: [same('re'), changed('turn'), same('ed to')], line: `${green('returned')} to` },
    { pieces: [changed('re'), mask, same('ed')], line: `${green('re')}${dim('░')}${green('ed')}` },
    { pieces: [given('un'), changed('happy')], line: `${bold('un')}${green('happy')}` },
    { pieces: [{ ...mask, changed: true }], line: dim('░') },
    { pieces: [given('░'), same('░')], line: `${bold('░')}░` }
  ]
  for (const { pieces, line } of cases) t.equal(frame(pieces, { color: true })[0], line)
})

t.test('the shades of a view are as fine as the terminal\'s colours', async (t) => {
  const shown = (depth: number, view: 'timeline' | 'confidence'): string | undefined =>
    renderFrame([{ pieces: [level('a', 0), level('b', 7)], status: '' }], { columns: 20, rows: 24, palette: paletteOf(depth, view) })[0]?.text
  const painted = (first: string, last: string): string => `\x1b[${first}ma\x1b[0m\x1b[${last}mb\x1b[0m`
  t.equal(shown(24, 'timeline'), painted('38;2;0;0;0;48;2;253;226;228', '38;2;0;0;0;48;2;241;220;247'))
  t.equal(shown(8, 'timeline'), painted('38;5;16;48;5;224', '38;5;16;48;5;225'))
  t.equal(shown(4, 'timeline'), painted('30;101', '30;107'))
  t.equal(shown(4, 'confidence'), painted('30;101', '30;102'))
  t.equal(shown(1, 'timeline'), 'ab')
})

t.test('a legend says what the shades mean, as far as there is room', async (t) => {
  const bare = (text = ''): string => withoutEscapes(text)
  const palette = paletteOf(8, 'timeline')
  t.equal(bare(legendOf('timeline', 8, 80, palette)?.text), 'first change  1  2  3  4  5  6  7  8  last')
  t.equal(bare(legendOf('timeline', 64, 80, palette)?.text), 'first change  1-5  6-14  15-23  24-32  33-41  42-50  51-59  60-64  last')
  t.equal(bare(legendOf('timeline', 64, 40, palette)?.text).trim().replaceAll(/ +/g, ' '), 'first change last')
  t.equal(legendOf('timeline', 8, 20, palette), undefined)
  t.match(bare(legendOf('confidence', 8, 80, palette)?.text), /^unsure {2}0 .* 88 % {2}sure$/)
  t.equal(legendOf('live', 8, 80, palette), undefined)
  t.equal(legendOf('timeline', 8, 80, undefined), undefined)
})

t.test('without colours there are no escape sequences', async (t) => {
  t.same(frame([given('Once'), changed(' upon'), mask, level('x', 3)]), ['Once upon░x', 'step 1/8'])
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
  const lines = renderFrame(outputs, { columns: 40, rows: 7, palette: undefined }).map(({ text }) => text)
  t.same(lines, ['1', '2', 'first · 3 more lines', '', '1', '2', 'second · 3 more lines'])
})

t.test('outputs for which there is no room are counted', async (t) => {
  const outputs = Array.from({ length: 16 }, (_, i) => ({ pieces: [same('text')], status: `output ${i + 1}` }))
  const lines = renderFrame(outputs, { columns: 40, rows: 9, palette: undefined }).map(({ text }) => text)
  t.same(lines, ['text', 'output 1', '', 'text', 'output 2', '', 'text', 'output 3 · 13 more outputs'])
  t.equal(renderFrame(outputs, { columns: 40, rows: Infinity, palette: undefined }).length, 16 * 3 - 1)
})

t.test('characters have the width that terminals give them', async (t) => {
  const cases = [['a', 1], ['é', 1], ['░', 1], ['龍', 2], ['😀', 2], ['\u0301', 0], ['\u200b', 0], ['\ufffd', 1]] as const
  for (const [character, width] of cases) t.equal(displayWidth(character), width, character)
})
