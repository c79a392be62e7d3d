import t from 'tap'
import { fingerprintOf } from '../../src/model/fingerprint.js'
import { readManifest } from '../../src/model/manifest.js'
import { fixture } from '../support/engine.js'

t.test('a fingerprint changes with the weights and with what tuned schedules do, not with what is only told of them', async (t) => {
  const plain = await readManifest(fixture('tiny-text'))
  const scheduled = { ...plain, schedules: { 2: { step_sizes: [0.4, 0.6], clearly_better: true } } }
  const of = (stepSizes: readonly number[], clearlyBetter = true, more: object = {}): string =>
    fingerprintOf({ ...plain, schedules: { [stepSizes.length]: { step_sizes: [...stepSizes], clearly_better: clearlyBetter, ...more } } })
  const tuned = of([0.4, 0.6])
  t.match(tuned, /^fp_[\da-f]{12}$/)
  const different = [
    fingerprintOf(plain),
    tuned,
    of([0.3, 0.7]),
    of([0.4, 0.6], false),
    of([0.2, 0.3, 0.5]),
    fingerprintOf({ ...plain, files: { 'step.onnx': { sha256: 'f'.repeat(64), bytes: 1 } } }),
    fingerprintOf({ ...plain, schedules: { ...scheduled.schedules, 1: { step_sizes: [1], clearly_better: true } } })
  ]
  t.equal(new Set(different).size, different.length, different.join())
  t.equal(of([0.4, 0.6], true, { gain: { error: 0.01 } }), tuned)
  t.equal(fingerprintOf({ ...plain, schedules: {} }), fingerprintOf(plain))
  t.equal(fingerprintOf(plain), `fp_${plain.files['step.onnx']?.sha256.slice(0, 12)}`, 'without schedules the first digits of the weights\' hash')
})
