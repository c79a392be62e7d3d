import t from 'tap'
import { cutAtStop } from '../../src/generation/cut.js'

t.test('text is cut before the earliest stop string', async (t) => {
  const cases = [
    { pieces: ['a', 'b', 'c'], stop: [], cut: ['a', 'b', 'c'], kept: 3, found: false },
    { pieces: ['a', 'b', 'c'], stop: ['x'], cut: ['a', 'b', 'c'], kept: 3, found: false },
    { pieces: ['a', 'b', 'c'], stop: ['b'], cut: ['a', '', ''], kept: 1, found: true },
    { pieces: ['a', 'b', 'c'], stop: ['c', 'b'], cut: ['a', '', ''], kept: 1, found: true },
    { pieces: ['one', ' two.', ' three'], stop: ['.'], cut: ['one', ' two', ''], kept: 2, found: true },
    { pieces: ['on', 'e', 'tw', 'o'], stop: ['etw'], cut: ['on', '', '', ''], kept: 1, found: true },
    { pieces: ['', '', '😀', 'x'], stop: ['x'], cut: ['', '', '😀', ''], kept: 3, found: true },
    { pieces: ['a', '', 'é', 'x'], stop: ['é'], cut: ['a', '', '', ''], kept: 1, found: true },
    { pieces: ['stop'], stop: ['st'], cut: [''], kept: 0, found: true },
    { pieces: [], stop: ['a'], cut: [], kept: 0, found: false }
  ]
  for (const { pieces, stop, cut, kept, found } of cases) {
    t.same(cutAtStop(pieces, stop), { pieces: cut, kept, found }, `${pieces.join('|')} at ${stop.join(' or ')}`)
  }
})
