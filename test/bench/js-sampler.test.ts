import t, { type Test } from 'tap'
import { JsSampler, type Sampling } from '../../bench/lib/js-sampler.js'
import { jumpExponent } from '../../src/diffusion/solver.js'

const MASK = 3
const LOGITS = [0.5, 1.5, -0.5, 1]
const GRID = 200

/** softmax(logits / temperature) */
function posterior (temperature: number): number[] {
  const mass = LOGITS.map((logit) => Math.exp(logit / temperature))
  const total = mass.reduce((a, b) => a + b)
  return mass.map((each) => each / total)
}

/** Where positions that hold `current` are after one step, with noise from every cell of a GRID x GRID of the unit square. */
function lawOf (sampling: Sampling, current: number): { shares: number[], confidence: Map<number, number> } {
  const positions = GRID * GRID
  const logits = Float32Array.from({ length: positions * LOGITS.length }, (_, i) => LOGITS[i % LOGITS.length]!)
  const noise = Float32Array.from({ length: 2 * positions }, (_, i) => {
    const cell = Math.floor(i / 2)
    return ((i % 2 === 0 ? Math.floor(cell / GRID) : cell % GRID) + 0.5) / GRID
  })
  const canvases = { tokens: new Int32Array(positions).fill(current), confidence: new Float32Array(positions) }
  new JsSampler(sampling).refine(logits, noise, canvases)
  const shares = LOGITS.map((_, token) => canvases.tokens.filter((each) => each === token).length / positions)
  return { shares, confidence: new Map(Array.from(canvases.tokens, (token, i) => [token, canvases.confidence[i]!])) }
}

function closeTo (t: Test, found: readonly number[], wanted: readonly number[]): void {
  found.forEach((share, token) => { t.ok(Math.abs(share - wanted[token]!) < 1.5 / GRID, `token ${token}: ${share} for ${wanted[token]}`) })
}

const sampling = { columns: LOGITS.length, maskTokenId: MASK, temperature: 1, jumpExponent: jumpExponent(0.25, 0.75, 1), last: false }

t.test('a position jumps with the cumulative probability and lands by the posterior, never where it was', async (t) => {
  for (const current of [0, MASK]) {
    const p = posterior(1)
    const stays = ((1 - 0.75) / (1 - 0.25)) ** (1 - p[current]!)
    const wanted = p.map((each, token) => token === current ? stays : (1 - stays) * each / (1 - p[current]!))
    closeTo(t, lawOf(sampling, current).shares, wanted)
  }
})

t.test('the last step draws masked positions from the posterior without the mask and leaves the others', async (t) => {
  const p = posterior(1)
  closeTo(t, lawOf({ ...sampling, last: true }, MASK).shares, p.map((each, token) => token === MASK ? 0 : each / (1 - p[MASK]!)))
  t.same(lawOf({ ...sampling, last: true }, 1).shares, [0, 1, 0, 0])
})

t.test('without a mask token the last step redraws every position', async (t) => {
  const { maskTokenId: _, ...uniform } = sampling
  closeTo(t, lawOf({ ...uniform, last: true }, 1).shares, posterior(1))
})

t.test('the temperature divides the logits, and the confidence is the posterior of the token now there', async (t) => {
  const p = posterior(0.5)
  const { shares, confidence } = lawOf({ ...sampling, temperature: 0.5, last: true }, MASK)
  closeTo(t, shares, p.map((each, token) => token === MASK ? 0 : each / (1 - p[MASK]!)))
  for (const [token, found] of confidence) t.ok(Math.abs(found - p[token]!) < 1e-6)
})
