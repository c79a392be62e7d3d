import t from 'tap'
import { summarise, type Outcome } from '../../src/load/summary.js'
import { requestBodies, schedule } from '../../src/load/schedule.js'

function generation (tokens: number, steps: number, queueMs: number, computeMs: number, totalMs: number): Outcome['generation'] {
  return { tokens, steps: [steps], queueMs, computeMs, totalMs }
}

/** Two seconds, of which the first is warm-up. */
const OUTCOMES: readonly Outcome[] = [
  { scheduledMs: 500, sentMs: 500, doneMs: 1100, status: '200', generation: generation(10, 8, 0, 1, 1) },
  { scheduledMs: 1000, sentMs: 1002, doneMs: 1100, refinedMs: 1040, status: '200', generation: generation(20, 8, 30, 60, 100) },
  { scheduledMs: 1200, sentMs: 1204, doneMs: 1500, refinedMs: 1260, status: '200', generation: generation(40, 4, 70, 140, 300) },
  { scheduledMs: 1300, sentMs: 1300, doneMs: 1301, status: '429', message: 'full' },
  { scheduledMs: 1400, sentMs: 1400, doneMs: 1401, status: '429', message: 'full again' },
  { scheduledMs: 1500, sentMs: undefined, doneMs: 1500, status: 'unsent' },
  { scheduledMs: 1900, sentMs: 1900, doneMs: 2400, status: '200', generation: generation(80, 8, 0, 0, 0) },
  { scheduledMs: 1950, sentMs: 1950, doneMs: 2500, status: 'interrupted' }
]

t.test('a summary counts what was due in the window, and throughput by what came in it', async (t) => {
  const summary = summarise(OUTCOMES, { beginMs: 1000, endMs: 2000 }, 300)
  t.match(summary, { seconds: 1, requests: 7, offeredPerSecond: 7, answeredPerSecond: 3, tokensPerSecond: 70 })
  t.same(summary.statuses, [
    { status: '200', count: 3 },
    { status: '429', count: 2, message: 'full' },
    { status: 'unsent', count: 1 },
    { status: 'interrupted', count: 1 }
  ])
})

t.test('latency is counted from when a request was due, of answers with status 200', async (t) => {
  const { latencyMs, firstRefinementMs, lagMs } = summarise(OUTCOMES, { beginMs: 1000, endMs: 2000 })
  t.match(latencyMs, { p50: 300, max: 500 }, 'of 100, 300 and 500')
  t.match(firstRefinementMs, { p50: 50, max: 60 }, 'of 40 and 60')
  t.match(lagMs, { p50: 0, max: 4 }, 'of 2, 4 and four times 0')
})

t.test('goodput is what was answered in time, of all that came to an end', async (t) => {
  const { goodput } = summarise(OUTCOMES, { beginMs: 1000, endMs: 2000 }, 300)
  t.same(goodput, { deadlineMs: 300, count: 2, share: 2 / 6, perSecond: 2 })
})

t.test('the answers say where their time went', async (t) => {
  const { serverShare, meanSteps } = summarise(OUTCOMES, { beginMs: 1000, endMs: 2000 })
  t.same(serverShare, { queue: 0.25, compute: 0.5, between: 0.25 })
  t.equal(meanSteps, 20 / 3)
})

t.test('nothing sent, nothing claimed', async (t) => {
  t.match(summarise([], { beginMs: 0, endMs: 1000 }, 100), {
    requests: 0, latencyMs: null, lagMs: null, serverShare: null, meanSteps: null, goodput: { count: 0, share: 0 }
  })
})

const MIX = { maxTokens: [16, 64], steps: [{ min: 8, max: 8 }, { min: 4, max: 16 }], prompts: ['One', 'Two'], stream: false, deadlineMs: 500, seed: 3 }

function bodies (count: number, seed = MIX.seed): Array<Record<string, unknown>> {
  const all = requestBodies({ ...MIX, seed })
  return Array.from({ length: count }, () => JSON.parse(all.next().value) as Record<string, unknown>)
}

t.test('the same seed sends the same mix, each request with a seed of its own', async (t) => {
  t.same(bodies(50), bodies(50))
  t.notSame(bodies(50), bodies(50, 4))
  const sent = bodies(200)
  t.equal(new Set(sent.map(({ seed }) => seed)).size, 200)
  t.same(new Set(sent.map(({ max_tokens: maxTokens }) => maxTokens)), new Set([16, 64]))
  t.same(new Set(sent.map(({ steps }) => JSON.stringify(steps))), new Set(['8', '{"min":4,"max":16}']))
  t.same(new Set(sent.map(({ prompt }) => prompt)), new Set(['One', 'Two']))
  t.ok(sent.every(({ deadline_ms: deadlineMs, stream }) => deadlineMs === 500 && stream === undefined))
})

t.test('an open loop has its arrivals until the end of the measurement, a closed one none', async (t) => {
  const options = { durationS: 2, warmupS: 1, seed: 1 }
  t.same([...schedule({ ...options, loop: { kind: 'open', arrivals: 'uniform', rate: 2 } })], [0, 500, 1000, 1500, 2000, 2500])
  t.same([...schedule({ ...options, loop: { kind: 'closed', concurrency: 2 } })], [])
})
