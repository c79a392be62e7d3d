/** The canvases that a text is scored on, and what is made of them. */
import t from 'tap'
import { estimate, GIVEN, Likelihood, OPEN, SCORED, type ScoreSource } from '../../src/diffusion/likelihood.js'

const MASK = 48
const FLOW: ScoreSource = { distribution: 'mask', vocabSize: 48, maskTokenId: MASK, exponent: 1, revealsForGood: false }
const UNIFORM: ScoreSource = { ...FLOW, distribution: 'uniform', maskTokenId: null }
const MASKED: ScoreSource = { ...FLOW, revealsForGood: true }
const TEXT = {
  tokens: Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  roles: Uint8Array.of(GIVEN, SCORED, SCORED, SCORED, SCORED, SCORED, OPEN, GIVEN)
}
const SAMPLES = 400

function canvases (source: ScoreSource, seed = 3, samples = SAMPLES): Array<{ tokens: Int32Array, t: number }> {
  const likelihood = new Likelihood(TEXT, source, seed, samples)
  return Array.from({ length: samples }, (_, sample) => {
    const tokens = new Int32Array(8)
    const t = likelihood.draw(sample, tokens)
    return { tokens, t }
  })
}

t.test('what is given is shown, what is open is noise, on every canvas', async (t) => {
  for (const source of [FLOW, UNIFORM, MASKED]) {
    for (const { tokens } of canvases(source)) t.ok(tokens[0] === 1 && tokens[7] === 8)
  }
  for (const source of [FLOW, MASKED]) t.ok(canvases(source).every(({ tokens }) => tokens[6] === MASK))
  t.ok(new Set(canvases(UNIFORM).map(({ tokens }) => tokens[6])).size > 40, 'of a uniform source other tokens each time')
})

const hiddenOf = (tokens: Int32Array): number => tokens.subarray(1, 6).filter((token) => token === MASK).length

t.test('l of n positions are hidden, each l as often as the others; nothing hidden is a case of flow matching alone', async (t) => {
  for (const source of [FLOW, MASKED]) {
    const counts = [0, 0, 0, 0, 0, 0]
    for (const { tokens } of canvases(source)) counts[hiddenOf(tokens)]! += 1 // 0 to 5
    const expected = source === FLOW ? [1, 1, 1, 1, 1, 1] : [0, 1, 1, 1, 1, 1]
    const each = SAMPLES / expected.reduce((sum, value) => sum + value, 0)
    for (const [l, count] of counts.entries()) t.ok(Math.abs(count - each * (expected[l] ?? 0)) <= 2, String(counts))
  }
})

t.test('the time goes with how many are hidden, as the path has it', async (t) => {
  const deviations = canvases(FLOW, 3, 4000).filter(({ tokens }) => hiddenOf(tokens) > 0)
    .map(({ tokens, t: time }) => time - (6 - hiddenOf(tokens)) / 6)
  const mean = deviations.reduce((sum, value) => sum + value, 0) / deviations.length
  t.ok(Math.abs(mean) < 0.01, String(mean))
  t.ok(canvases(FLOW).every(({ t: time }) => time >= 0 && time <= 0.999))
})

t.test('the two canvases of a pair hide different positions', async (t) => {
  const all = canvases(MASKED)
  const both = all.filter((_, i) => i % 2 === 0).filter(({ tokens }, pair) => {
    const other = all[2 * pair + 1]?.tokens ?? tokens
    const [first, second] = [tokens, other].map((each) => [...each.keys()].filter((i) => i > 0 && i < 6 && each[i] === MASK))
    return (first?.length ?? 0) <= 2 && first?.some((i) => second?.includes(i))
  })
  t.equal(both.length, 0, 'where two of five are hidden, none is hidden on both')
})

t.test('the same seed draws the same canvases, another one others', async (t) => {
  t.same(canvases(UNIFORM), canvases(UNIFORM))
  t.not(String(canvases(FLOW, 4).map(({ tokens }) => tokens)), String(canvases(FLOW).map(({ tokens }) => tokens)))
})

t.test('the bound of one canvas is the formula', async (t) => {
  const half = Float32Array.from({ length: 8 }, () => 0.5)
  const law = { confidence: half, logprob: Float32Array.from({ length: 8 }, () => Math.log(0.25)), offset: 0 }
  for (const source of [FLOW, MASKED]) {
    const likelihood = new Likelihood(TEXT, source, 3, SAMPLES)
    for (const [sample, { tokens, t: time }] of canvases(source).entries()) {
      const hidden = hiddenOf(tokens)
      const sum = hidden * (Math.log(4) - 0.5) + (5 - hidden) * 0.5
      const weight = hidden === 0 ? 6 * Math.log(1000) * time ** 5 : 6 / hidden
      const expected = source === MASKED ? 5 * Math.log(4) : weight * sum
      t.ok(Math.abs(likelihood.bound(sample, tokens, law) - expected) < 1e-4 * expected)
    }
  }
})

t.test('an error tells how far the mean is from what endlessly many canvases would give', async (t) => {
  t.same(estimate(Float64Array.of(1, 3, 4, 4, 3, 3)), { mean: 3, standardError: Math.sqrt((4 + 1) / 12) })
  t.equal(estimate(new Float64Array(8).fill(2)).standardError, 0)
})
