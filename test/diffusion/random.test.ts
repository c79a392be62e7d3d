import t from 'tap'
import { fillNoise, philox, rowUniform, sourceToken } from '../../src/diffusion/random.js'

t.test('philox gives the known answers of its authors', async (t) => {
  const cases = [
    { counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    {
      counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff],
      words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]
    },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
    }
  ] as const
  for (const { counter, key, words } of cases) {
    const out = new Uint32Array(4)
    philox(counter, key, out)
    t.same([...out], words)
  }
})

t.test('noise lies in [0, 1) and depends on seed, step and position alone', async (t) => {
  const whole = new Float32Array(2000)
  fillNoise(7, 3, 1000, whole, 0)
  t.ok(whole.every((u) => u >= 0 && u < 1))
  t.ok(Math.abs(whole.reduce((a, b) => a + b) / 2000 - 0.5) < 0.03)
  const part = new Float32Array(30)
  fillNoise(7, 3, 10, part, 10)
  t.same(part.slice(10), whole.slice(0, 20))
  const other = new Float32Array(20)
  fillNoise(7, 4, 10, other, 0)
  t.notSame(other, whole.slice(0, 20))
})

t.test('source tokens cover the vocabulary', async (t) => {
  const seen = new Set(Array.from({ length: 1000 }, (_, position) => sourceToken(2 ** 40 + 1, position, 16)))
  t.same([...seen].sort((a, b) => a - b), Array.from({ length: 16 }, (_, i) => i))
})

t.test('each block of a text has a stream of its own, and the first one is that of a text without blocks', async (t) => {
  const noise = (...block: [number?]): Float32Array => {
    const out = new Float32Array(64)
    fillNoise(7, 3, 32, out, 0, ...block)
    return out
  }
  t.same(noise(0), noise())
  t.notOk(noise(1).some((value, i) => value === noise(0)[i]))
  t.notOk(noise(2).some((value, i) => value === noise(1)[i]))
  t.equal(rowUniform(7, 0), rowUniform(7))
  t.not(rowUniform(7, 1), rowUniform(7))
  const source = (block?: number): number[] => Array.from({ length: 32 }, (_, position) => sourceToken(7, position, 1000, block))
  t.same(source(0), source())
  t.notSame(source(1), source())
})
