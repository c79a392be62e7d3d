import t from 'tap'
import { spreadJumps } from '../../src/diffusion/jump-times.js'
import { fillNoise } from '../../src/diffusion/random.js'

const LENGTH = 96

/** The noise for jumps of one row at a step. */
function jumpNoise (seed: number, step: number, kappa: number): Float32Array {
  const noise = new Float32Array(2 * LENGTH)
  fillNoise(seed, step, LENGTH, noise, 0)
  spreadJumps(seed, kappa, LENGTH, noise, 0)
  return noise.filter((_, i) => i % 2 === 0)
}

/** Positions that jump in each of `steps` equal steps: P(jump) = 1 - ((1 - end) / (1 - t))^(1 - p(z)). */
function jumpsOf (seed: number, steps: number, sureness: (position: number) => number): boolean[][] {
  return Array.from({ length: steps }, (_, i) => {
    const t = i / steps
    const left = (1 - (i + 1) / steps) / (1 - t)
    return [...jumpNoise(seed, i + 1, t)].map((u, position) => u < 1 - left ** (1 - sureness(position)))
  })
}

t.test('each position jumps as often as its law says, in every step, whatever it is sure of', async (t) => {
  const rows = 3000
  for (const steps of [3, 8]) {
    // p(z) of the token now there: none before the first jump, some afterwards.
    const counts = Array.from({ length: steps }, () => ({ first: 0, waiting: 0, again: 0, settled: 0 }))
    for (let seed = 0; seed < rows; seed++) {
      const jumped = new Set<number>()
      const sure = jumpsOf(seed, steps, () => 0.6)
      jumpsOf(seed, steps, () => 0.1).forEach((jumps, step) => {
        const count = counts[step]! // a count for each step
        for (let position = 0; position < LENGTH; position += 7) {
          if (jumped.has(position)) {
            count.settled++
            if (sure[step]?.[position] === true) count.again++
          } else {
            count.waiting++
            if (jumps[position] === true) { count.first++; jumped.add(position) }
          }
        }
      })
    }
    counts.forEach(({ first, waiting, again, settled }, step) => {
      const left = 1 - 1 / (steps - step)
      const near = (share: number, n: number, law: number): boolean =>
        n < 100 || Math.abs(share / n - law) <= 5 * Math.sqrt(law * (1 - law) / n) + 1e-3
      t.ok(near(first, waiting, 1 - left ** 0.9), `step ${step + 1} of ${steps}: first jumps`)
      t.ok(near(again, settled, 1 - left ** 0.4), `step ${step + 1} of ${steps}: later ones`)
    })
  }
})

t.test('positions that jump in one step for the first time are far apart', async (t) => {
  for (const [steps, apart] of [[4, 2], [8, 5], [16, 8], [32, 21]] as const) {
    const jumped = new Set<number>()
    for (const jumps of jumpsOf(11, steps, () => 0)) {
      const now = jumps.flatMap((jump, position) => jump && !jumped.has(position) ? [position] : [])
      now.forEach((position) => jumped.add(position))
      t.ok(now.every((position, i) => i === 0 || position - now[i - 1]! >= apart), `${steps} steps`) // i - 1 is in range
    }
    t.equal(jumped.size, LENGTH, 'each position jumps')
  }
})

t.test('rows differ, tokens are drawn from noise of their own, and kappa 1 leaves everything independent', async (t) => {
  t.notSame(jumpNoise(1, 1, 0), jumpNoise(2, 1, 0))
  const independent = new Float32Array(2 * LENGTH)
  fillNoise(1, 1, LENGTH, independent, 0)
  const spread = Float32Array.from(independent)
  spreadJumps(1, 0, LENGTH, spread, 0)
  t.same(spread.filter((_, i) => i % 2 === 1), independent.filter((_, i) => i % 2 === 1))
  t.notSame(spread, independent)
  spreadJumps(1, 1, LENGTH, independent, 0)
  t.same(independent.filter((_, i) => i % 2 === 0), [...jumpNoise(1, 1, 1)])
  t.ok(spread.every((u) => u >= 0 && u < 1))
})
