/** Scores of texts: against exact sums over every canvas, against the training kit, and whoever shares the batches. */
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { estimate, GIVEN, SCORED } from '../../src/diffusion/likelihood.js'
import { SMALLEST_NAMED_STEP } from '../../src/diffusion/schedule.js'
import type { GenerationRequest } from '../../src/engine/request.js'
import type { Session } from '../../src/engine/session.js'
import { requestOf, rowOf, startEngine, type FixtureName } from '../support/engine.js'
import { startSession } from '../support/session.js'

/** Of whole numbers, by `rows` at once. */
const ROWS = 256

function scoring (seed: number, tokens: readonly number[], roles: readonly number[], samples: number): GenerationRequest {
  const row = { seed, template: { tokens: Int32Array.from(tokens), editable: Uint8Array.from(roles) } }
  const sampling = { solver: 'cumulative', jumps: 'independent', temperature: 1, topK: 0, topP: 1 } as const
  return requestOf([row], 1, { scores: true, sampling, budget: { kind: 'exact', stepSizes: new Float64Array(samples).fill(1 / samples) } })
}

interface Seen {
  readonly confidence: Float32Array
  readonly logprob: Float32Array
}

/** What the graph says of canvases at times, all with the same targets. */
async function lookAt (
  session: Session, paddedLength: number, canvases: ReadonlyArray<{ tokens: readonly number[], t: number }>, targets: readonly number[]
): Promise<Seen[]> {
  const seen: Seen[] = []
  for (let begin = 0; begin < canvases.length; begin += ROWS) {
    const part = canvases.slice(begin, begin + ROWS)
    const { arrays } = await session.run({ rows: part.length, paddedLength, lane: 'score' }, (batch) => {
      for (const array of Object.values(batch)) array.fill(0)
      batch.spreadFrom.fill(1)
      batch.h.fill(SMALLEST_NAMED_STEP)
      batch.temperature.fill(1)
      batch.topP.fill(1)
      for (const [i, { tokens, t: time }] of part.entries()) {
        batch.length[i] = tokens.length
        batch.t[i] = time
        batch.tokens.set(tokens, i * paddedLength)
        batch.targets.set(targets, i * paddedLength)
      }
    }, 60_000)
    for (let i = 0; i < part.length; i++) {
      const of = (values: Float32Array): Float32Array => values.slice(i * paddedLength, (i + 1) * paddedLength)
      seen.push({ confidence: of(arrays.confidence), logprob: of(arrays.logprob) })
    }
  }
  return seen
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** A score from so many canvases lies within five of its standard errors of the exact bound. */
async function near (
  t: Test, name: FixtureName, text: readonly number[], roles: readonly number[], exact: number, tolerance: number
): Promise<void> {
  const engine = await startEngine(name, { maxBatch: 64, maxQueue: 1024 })
  for (const samples of [16, 512]) {
    const { rows: [row] } = await engine.generate(scoring(5, text, roles, samples))
    const { mean, standardError } = estimate(row?.bounds ?? new Float64Array())
    t.ok(Math.abs(mean - exact) <= 5 * standardError + tolerance * exact, `${samples} canvases: ${mean} +- ${standardError}, exactly ${exact}`)
  }
  await engine.close()
}

for (const name of ['tiny-llada', 'tiny-dream'] as const) {
  t.test(`${name}: the bound is its mean over all sets of hidden tokens, and below the likelihood that all orders have together`, async (t) => {
    const [mask, length] = [320, 32]
    const text = [...new TextEncoder().encode('once')]
    const roles = [GIVEN, SCORED, SCORED, SCORED]
    const scored = [1, 2, 3]
    const session = await startSession(name)
    t.teardown(() => { session.kill() })
    const sets = Array.from({ length: 8 }, (_, bits) => scored.filter((_, i) => (bits >> i) % 2 === 1))
    const canvases = sets.map((hidden) => ({ tokens: text.map((token, i) => hidden.includes(i) ? mask : token), t: 0 }))
    const seen = await lookAt(session, length, canvases, text)
    const logprob = (hidden: readonly number[], position: number): number =>
      seen[sum(hidden.map((i) => 2 ** (i - 1)))]?.logprob[position] ?? NaN
    const exact = -sum([1, 2, 3].map((count) => {
      const those = sets.filter((hidden) => hidden.length === count)
      return 1 / count * sum(those.map((hidden) => sum(hidden.map((i) => logprob(hidden, i))))) / those.length
    }))
    const orders = scored.flatMap((a) => scored.filter((b) => b !== a).map((b) => [a, b, 6 - a - b]))
    const inOrder = (order: readonly number[]): number => sum(order.map((position, i) => logprob(order.slice(i), position)))
    const likelihood = sum(orders.map((order) => Math.exp(inOrder(order)))) / orders.length
    t.ok(exact >= -Math.log(likelihood), `${exact} is no bound on ${-Math.log(likelihood)}`)
    t.ok(exact < -Math.log(likelihood) + 1)
    await near(t, name, text, roles, exact, 1e-5)
  })
}

for (const name of ['tiny-mask', 'tiny-uniform'] as const) {
  t.test(`${name}: the bound is its integral over times and canvases`, async (t) => {
    const [size, length] = [48, 12]
    const text = [3, 14, 15, 9, 26, 5]
    const scored = name === 'tiny-mask' ? [2, 4] : [4]
    const roles = text.map((_, i) => scored.includes(i) ? SCORED : GIVEN)
    const times = 200
    const noise = name === 'tiny-mask' ? [size] : Array.from({ length: size }, (_, token) => token)
    const session = await startSession(name)
    t.teardown(() => { session.kill() })
    /** Of each scored position: arrived, or one of the tokens of the source. */
    const states = scored.reduce<Array<Array<number | undefined>>>(
      (all) => all.flatMap((state) => [undefined, ...noise].map((token) => [...state, token])), [[]])
    // dt / (1 - t) = ds with s = -ln(1 - t), in which the integrand is smooth.
    const end = -Math.log(1 - 0.999)
    const cells = Array.from({ length: times }, (_, i) => 1 - Math.exp(-end * (i + 0.5) / times)).flatMap((time) => states.map((state) => {
      const tokens = text.map((token, i) => scored.includes(i) ? state[scored.indexOf(i)] ?? token : token)
      const probability = state.reduce<number>((p, token) => p * (token === undefined ? time : (1 - time) / noise.length), 1)
      return { tokens, t: time, probability }
    }))
    const seen = await lookAt(session, length, cells, text)
    const exact = sum(cells.map(({ tokens, probability }, i) => {
      const terms = scored.map((position) => {
        const [p, logprob] = [seen[i]?.confidence[position] ?? NaN, seen[i]?.logprob[position] ?? NaN]
        return tokens[position] === text[position] ? 1 - p : -p - logprob
      })
      return probability * sum(terms) * end / times
    }))
    // Cells of time, and those beyond 0.999.
    await near(t, name, text, roles, exact, 3e-3)
  })
}

interface Reference { readonly tokens: readonly number[], readonly nats: number, readonly standard_error: number }
const REFERENCE = JSON.parse(readFileSync(new URL('../reference/likelihoods.json', import.meta.url), 'utf8')) as Record<FixtureName, Reference>

for (const [name, { tokens, nats, standard_error: error }] of Object.entries(REFERENCE)) {
  t.test(`${name}: the training kit says the same of the same text, within the errors`, async (t) => {
    const engine = await startEngine(name as FixtureName, { maxBatch: 64 })
    t.teardown(() => engine.close())
    const { rows: [row] } = await engine.generate(scoring(1, tokens, tokens.map((_, i) => i === 0 ? GIVEN : SCORED), 256))
    const { mean, standardError } = estimate(row?.bounds ?? new Float64Array())
    t.ok(Math.abs(mean - nats) <= 5 * Math.hypot(standardError, error), `${mean} +- ${standardError}, the kit ${nats} +- ${error}`)
  })
}

t.test('a score is the same alone and in a crowd, and takes part in no other batch', async (t) => {
  const engine = await startEngine('tiny-text')
  t.teardown(() => engine.close())
  const text = [...new TextEncoder().encode('Once upon a time')]
  const request = scoring(2, text, text.map(() => SCORED), 8)
  const alone = await engine.generate(request)
  const before = engine.stats().steps
  const crowd = await Promise.all([
    engine.generate(requestOf(Array.from({ length: 8 }, (_, i) => rowOf(i, 16)), 8)),
    engine.generate(request),
    engine.generate({ ...request, rows: [...request.rows, ...request.rows] })
  ])
  t.same(crowd[1].rows[0]?.bounds, alone.rows[0]?.bounds)
  t.same(crowd[2].rows.map(({ bounds }) => bounds), [alone.rows[0]?.bounds, alone.rows[0]?.bounds])
  const { rows, batches } = engine.stats().steps
  t.equal(rows - before.rows, 8 * 8 + 8 + 16)
  t.equal(batches - before.batches, 16, 'eight steps of generation, eight of scores')
  t.equal(crowd[1].networkCalls, 8)
})

t.test('a worker that dies on the way changes nothing', async (t) => {
  const engine = await startEngine('tiny-text')
  t.teardown(() => engine.close())
  const text = [...new TextEncoder().encode('Once upon a time')]
  const request = scoring(2, text, text.map(() => SCORED), 64)
  const expected = await engine.generate(request)
  const running = engine.generate(request)
  setImmediate(() => { for (const pid of engine.workerPids) process.kill(pid, 'SIGKILL') })
  t.same((await running).rows[0]?.bounds, expected.rows[0]?.bounds)
})
