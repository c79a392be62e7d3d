import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { hasByteProducts } from '../../src/engine/processor.js'

const directory = await mkdtemp(join(tmpdir(), 'fewstep-'))
t.teardown(() => rm(directory, { recursive: true }))
const file = join(directory, 'cpuinfo')

t.test('products of bytes are known by the processor\'s flags', async (t) => {
  const cases = [
    ['processor\t: 0\nflags\t\t: fpu avx2 avx512_vnni\nflags\t\t: fpu', true],
    ['flags\t\t: fpu avx2 avx_vnni', true],
    ['flags\t\t: fpu avx avx2 fma', false],
    ['Features\t: fp asimd asimddp', true],
    ['Features\t: fp asimd', false],
    ['something else', true]
  ] as const
  for (const [text, expected] of cases) {
    await writeFile(file, text)
    t.equal(hasByteProducts(file), expected, text)
  }
  t.equal(hasByteProducts(join(directory, 'none')), true, 'not told')
})
