import t from 'tap'
import { packedAreAligned, withoutRepeats } from '../../src/model/saved-graph.js'

/** A field whose content is shorter than 128 bytes, and so is its number times 8. */
function field (number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content)
  t.ok(bytes.length < 128 && number < 16)
  return Buffer.concat([Buffer.from([8 * number + 2, bytes.length]), bytes])
}

function message (...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields)
}

function tensor (name: string, ...more: readonly Buffer[]): Buffer {
  return message(Buffer.from([0x10, 1]), field(8, name), ...more)
}

/** An If with one branch. */
function nodeWith (branch: Buffer): Buffer {
  return message(field(4, 'If'), field(5, message(field(1, 'then_branch'), field(6, branch))))
}

function model (graph: Buffer): Buffer {
  return message(Buffer.from([0x08, 9]), field(7, graph))
}

t.test('of initialisers that a branch has twice the last is kept, also in a branch of a branch', async (t) => {
  const graph = (inner: readonly Buffer[], outer: readonly Buffer[]): Buffer =>
    model(message(field(1, nodeWith(message(field(1, nodeWith(message(...inner))), ...outer))), field(5, tensor('outside'))))
  const [old, last, other] = [field(5, tensor('a', field(9, 'old'))), field(5, tensor('a', field(9, 'new'))), field(5, tensor('b'))]
  t.same(withoutRepeats(graph([old, other, last], [old, last])), graph([other, last], [last]))
})

t.test('a graph without repeats is as it was', async (t) => {
  const graph = model(message(field(1, nodeWith(message(field(5, tensor('a')), field(5, tensor('b'))))), Buffer.from([0x7d, 1, 2, 3, 4])))
  t.same(withoutRepeats(graph), graph)
})

t.test('lengths of more than one byte', async (t) => {
  const long = Buffer.alloc(300, 'x')
  const initializer = (content: Buffer): Buffer => {
    const whole = message(field(8, 'a'), Buffer.from([0x4a, 0xac, 0x02]), content)
    return message(Buffer.from([0x2a, 0x80 + whole.length % 128, whole.length >> 7]), whole)
  }
  const wrapped = (number: number, content: Buffer): Buffer =>
    message(Buffer.from([8 * number + 2, 0x80 + content.length % 128, content.length >> 7]), content)
  const of = (...fields: readonly Buffer[]): Buffer => wrapped(7, wrapped(1, wrapped(5, wrapped(6, message(...fields)))))
  t.same(withoutRepeats(of(initializer(long), initializer(long))), of(initializer(long)))
})

t.test('what is no message is refused', async (t) => {
  for (const bytes of [[0x3a, 5, 1], [0x3a], [0xff], Array.from({ length: 11 }, () => 0x80)]) {
    t.throws(() => withoutRepeats(Buffer.from(bytes)), RangeError)
  }
})

t.test('packed weights lie where kernels can read them, or not', async (t) => {
  const packed = (...offsets: readonly number[]): Buffer => {
    const blocks = offsets.map((offset) => `|${offset};100;0`).join('')
    const entries = [['offset', '3'], ['prepacked_0', `MatMul+12${blocks}`]].map(([key = '', value = '']) => field(13, message(field(1, key), field(2, value))))
    return model(field(5, tensor('w', ...entries)))
  }
  t.ok(packedAreAligned(packed(0, 4096)))
  t.notOk(packedAreAligned(packed(4096, 4100)))
  t.ok(packedAreAligned(model(field(5, tensor('w')))), 'none at all')
})
