import t from 'tap'
import { crossing, generationMs } from '../../bench/lib/cache-positions.js'
import { curvePoints, overtaking } from '../../bench/lib/generation-curve.js'
import { canvasStep, decoderToken, predictedRatio, rooflineMs } from '../../bench/lib/roofline.js'

const CANVAS = { matrix_parameters: 1000, flops_per_token: 2000, flops_per_row: 100, attention_flops_per_pair: 10 }
const DECODER = {
  matrix_parameters: 1000,
  flops_per_token: 2000,
  attention_flops_per_pair: 10,
  cache_bytes_per_position: 16
}

t.test('a run is the sum of its tokens, linear between the positions measured and level outside them', async (t) => {
  // 2, 2, 2, 4, 6, 6: measured at 2 and 4
  t.equal(generationMs([{ position: 2, ms: 2 }, { position: 4, ms: 6 }], 6), 2 + 2 + 2 + 4 + 6 + 6)
  t.equal(generationMs([{ position: 0.5, ms: 3 }], 4), 12)
  // sum over p < 100 of 1 + p / 10
  const line = [0, 30, 99].map((position) => ({ position, ms: 1 + position / 10 }))
  t.ok(Math.abs(generationMs(line, 100) - (100 + 99 * 100 / 2 / 10)) < 1e-9)
  t.throws(() => generationMs([], 1), new RangeError('no token was timed'))
})

t.test('ratios cross 1 between batches, at the first of them, or never', async (t) => {
  const ratios = (...values: number[]): Array<{ batch: number, ratio: number }> => values.map((ratio, i) => ({ batch: 2 ** i, ratio }))
  t.ok(Math.abs(crossing(ratios(4, 2, 0.5))! - Math.sqrt(8)) < 1e-9, 'half way between 2 and 4 on logarithmic scales')
  t.equal(crossing(ratios(0.9, 0.5)), 1)
  t.equal(crossing(ratios(3, 2, 1)), null)
})

t.test('work is bound by its arithmetic or by its bytes, whichever takes longer', async (t) => {
  const rates = { flopsPerSecond: 1000, bytesPerSecond: 100 }
  t.equal(rooflineMs({ flops: 2000, bytes: 100 }, rates), 2000)
  t.equal(rooflineMs({ flops: 2000, bytes: 400 }, rates), 4000)
  t.same(canvasStep(CANVAS, 2, 4), { flops: 2 * (4 * (2000 + 40) + 100), bytes: 4000 })
  t.same(decoderToken(DECODER, 2, 3), { flops: 2 * (2000 + 40), bytes: 4000 + 2 * 3 * 16 })
})

t.test('the prediction: S steps at the matrix rate against one read of the weights a token', async (t) => {
  // Bytes bind the decoder: 4000 + 16 p a token; arithmetic binds the canvas.
  const rates = { flopsPerSecond: 1000, bytesPerSecond: 10 }
  const decoderMs = 1000 * (4 * 4000 + 16 * (0 + 1 + 2 + 3)) / 10
  const stepMs = 1000 * Math.max((4 * (2000 + 40) + 100) / 1000, 4000 / 10)
  t.equal(predictedRatio({ canvas: CANVAS, decoder: DECODER, rows: 1, length: 4, steps: 8 }, rates), decoderMs / (8 * stepMs))
})

t.test('a curve scales the steps that were not timed, and says so', async (t) => {
  const tokenTimes = [{ position: 0, ms: 10 }]
  const rounds = new Map([
    [1, [20, 40, 20].map((ms) => ({ tokenTimes, stepMs: new Map([[64, ms]]) }))],
    [16, [{ tokenTimes, stepMs: new Map() }]]
  ])
  const points = curvePoints({ canvas: CANVAS, decoder: DECODER, rates: { flopsPerSecond: 1e6, bytesPerSecond: 1e6 }, rounds }, 64, 8)
  t.match(points, [
    { batch: 1, ratio: 4, spread: { low: 2, high: 4 }, autoregressiveMs: 640, fewStepMs: 160, scaled: false },
    { batch: 16, ratio: 640 / (8 * 320), fewStepMs: 8 * 320, scaled: true }
  ])
  t.equal(overtaking(points).measured, 4)
})
