import t from 'tap'
import { Screen } from '../../src/cli/screen.js'
import { VirtualTerminal } from '../support/terminal.js'

const lines = (...texts: string[]): Array<{ text: string, width: number }> => texts.map((text) => ({ text, width: text.length }))

t.test('a block is redrawn where it stands, whether it grows or shrinks', async (t) => {
  const terminal = new VirtualTerminal(20, 10)
  const screen = new Screen()
  terminal.write('$ command\n')
  for (const texts of [['one'], ['one', 'two', 'three'], ['four', ''], ['a much shorter line'], ['five', 'six']]) {
    terminal.write(screen.draw(lines(...texts), terminal.columns))
    t.equal(terminal.text, ['$ command', ...texts].join('\n').trimEnd())
  }
})

t.test('at the bottom of the screen the block scrolls and is still found', async (t) => {
  const terminal = new VirtualTerminal(20, 4)
  const screen = new Screen()
  terminal.write('1\n2\n3\n')
  terminal.write(screen.draw(lines('a', 'b'), 20))
  terminal.write(screen.draw(lines('c', 'd', 'e'), 20))
  t.equal(terminal.text, '1\n2\n3\nc\nd\ne')
})

t.test('lines drawn before the terminal became narrower take more rows', async (t) => {
  const screen = new Screen()
  screen.draw(lines('x'.repeat(25), '', 'y'), 30)
  // 25 columns are three rows of 10, an empty line is one.
  t.equal(screen.draw(lines('z'), 10), '\r\x1b[5A\x1b[Jz\n')
})
