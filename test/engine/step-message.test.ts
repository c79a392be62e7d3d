import t from 'tap'
import { batchArena, resultArena } from '../../src/engine/step-message.js'

t.test('what one side writes the other side reads', async (t) => {
  const shape = { rows: 3, paddedLength: 5 }
  const { arrays, bytes } = batchArena().view(shape)
  arrays.seed.set([1, 2 ** 53 - 1, 3])
  arrays.t.set([0, 0.25, 0.5])
  arrays.tokens.set(Array.from({ length: 15 }, (_, i) => i))
  arrays.editable.fill(1, 4, 9)
  const read = batchArena().read(shape, Uint8Array.from(bytes))
  t.same(read.seed, arrays.seed)
  t.same(read.t, arrays.t)
  t.same(read.tokens, arrays.tokens)
  t.same(read.editable, arrays.editable)
})

t.test('only the bytes of the shape travel, whatever was there before', async (t) => {
  const arena = resultArena()
  t.equal(arena.view({ rows: 16, paddedLength: 256 }).bytes.length, 16 * 256 * 8)
  t.equal(arena.view({ rows: 1, paddedLength: 32 }).bytes.length, 32 * 8)
  t.equal(arena.view({ rows: 1, paddedLength: 32, lane: 'score' }).bytes.length, 32 * 12, 'those of targets only where there are some')
})

t.test('a smaller batch, and one as large, uses the memory of the one before', async (t) => {
  const arena = batchArena()
  const { buffer } = arena.view({ rows: 8, paddedLength: 128 }).bytes
  for (const rows of [1, 8, 3]) t.equal(arena.view({ rows, paddedLength: 128 }).bytes.buffer, buffer)
  t.not(arena.view({ rows: 9, paddedLength: 128 }).bytes.buffer, buffer)
})

t.test('a message of another size than its shape is refused', async (t) => {
  const arena = resultArena()
  for (const bytes of [0, 255, 257, 512]) {
    t.throws(() => arena.read({ rows: 1, paddedLength: 32 }, new Uint8Array(bytes)), { message: `has ${bytes} bytes instead of 256` })
  }
})
