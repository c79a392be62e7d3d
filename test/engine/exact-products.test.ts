/** What cuBLAS is told before it is loaded. */
import t from 'tap'
import { exactProducts } from '../../src/engine/exact-products.js'

const NAME = 'NVIDIA_TF32_OVERRIDE'

for (const { set, said, means } of [
  { set: undefined, said: '0', means: 'float32 products are in float32' },
  { set: '1', said: '1', means: 'who wants TF32 gets it' }
]) {
  t.test(means, async (t) => {
    const before = process.env[NAME]
    t.teardown(() => {
      if (before === undefined) delete process.env[NAME]
      else process.env[NAME] = before
    })
    if (set === undefined) delete process.env[NAME]
    else process.env[NAME] = set
    exactProducts()
    t.equal(process.env[NAME], said)
  })
}
