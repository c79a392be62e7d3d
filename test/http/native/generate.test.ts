import t from 'tap'
import { DEFAULT_STABLE_BELOW } from '../../../src/generation/index.js'
import { loadModel } from '../../../src/model/model.js'
import { generate } from '../../support/client.js'
import { signal } from '../../support/processes.js'
import { startTestServer, TINY_TEXT } from '../../support/server.js'

const server = await startTestServer({ workers: 2 })
t.teardown(server.stop)
const { url } = server
const { tokenizer } = await loadModel(TINY_TEXT)

t.test('an answer says what was made, with which seed and at what cost', async (t) => {
  const answer = await generate(url, { prompt: 'The cat', max_tokens: 12, steps: 4, n: 2 })
  const [output] = answer.outputs
  t.match(answer, { id: /^gen-/, object: 'generation', model: 'tiny-text' })
  t.equal(answer.outputs.length, 2)
  t.ok(Number.isSafeInteger(output?.seed))
  t.equal(output?.steps, 4)
  t.notOk('timeline' in (output ?? {}) || 'confidence' in (output ?? {}) || 'gaps' in (output ?? {}))
  t.match(answer.usage, {
    prompt_tokens: tokenizer.encode('The cat').length,
    completion_tokens: answer.outputs.reduce((sum, { tokens }) => sum + tokens.length, 0),
    network_calls: 8
  })
  t.ok(answer.timings.total_ms >= answer.timings.compute_ms)
})

t.test('the text is that of its tokens', async (t) => {
  const { outputs } = await generate(url, { prompt: 'The', max_tokens: 30, n: 8, seed: 1 })
  for (const { text, tokens } of outputs) t.equal(text, tokenizer.decode(tokens))
})

t.test('an empty request is a free generation', async (t) => {
  const { usage, outputs } = await generate(url, {})
  t.equal(usage.prompt_tokens, 0)
  t.equal(outputs[0]?.steps, 8)
})

t.test('the same seed gives the same answer', async (t) => {
  const request = { prompt: 'Once', max_tokens: 40, seed: 2 ** 53 - 1 }
  t.same((await generate(url, request)).outputs, (await generate(url, request)).outputs)
  t.notSame((await generate(url, request)).outputs[0]?.tokens, (await generate(url, { ...request, seed: 3 })).outputs[0]?.tokens)
})

t.test('n outputs are those of n requests with seed + i', async (t) => {
  const request = { prompt: 'Once', max_tokens: 20, timeline: true, confidence: true }
  const { outputs } = await generate(url, { ...request, n: 4, seed: 10 })
  const single = await Promise.all(outputs.map(async (_, i) => (await generate(url, { ...request, seed: 10 + i })).outputs[0]))
  t.same(outputs, single.map((output, index) => ({ ...output, index })))
})

t.test('a stop string ends the text where it begins', async (t) => {
  const request = { prompt: 'Once', max_tokens: 40, seed: 4 }
  const [whole] = (await generate(url, request)).outputs
  const stop = whole?.text.slice(10, 12) ?? ''
  for (const form of [stop, ['never to be seen', stop]]) {
    const [cut] = (await generate(url, { ...request, stop: form, timeline: true, confidence: true })).outputs
    t.equal(cut?.text, whole?.text.slice(0, whole.text.indexOf(stop)))
    t.equal(cut?.finish_reason, 'stop')
    t.same(cut?.tokens, whole?.tokens.slice(0, cut?.tokens.length))
    t.ok((cut?.tokens.length ?? 0) < (whole?.tokens.length ?? 0))
    t.equal(cut?.timeline?.length, cut?.tokens.length)
    t.equal(cut?.confidence?.length, cut?.tokens.length)
  }
})

t.test('a template comes back whole, with what filled each gap', async (t) => {
  const { outputs, usage } = await generate(url, { template: 'The [[3]] sat on [[5]].', seed: 1, timeline: true, n: 3 })
  for (const { text, tokens, gaps, timeline } of outputs) {
    t.equal(text, `The${gaps?.[0]?.text} sat on${gaps?.[1]?.text}.`)
    t.same(gaps?.map((gap) => gap.tokens.length), [3, 5])
    t.equal(timeline?.length, tokens.length)
    const given = tokenizer.encode('The').length
    t.same(timeline?.slice(0, given), new Array(given).fill(0), 'given tokens never change')
  }
  t.equal(usage.completion_tokens, 3 * 8)
})

t.test('a stop string ends what fills a gap, and the template goes on after it', async (t) => {
  const request = { template: 'The [[12]] sat on [[9]].', seed: 1, n: 4, timeline: true, confidence: true }
  const whole = await generate(url, request)
  const stop = whole.outputs[0]?.gaps?.[0]?.text.slice(4, 6) ?? ''
  const { outputs, usage } = await generate(url, { ...request, stop })
  t.equal(outputs[0]?.finish_reason, 'stop')
  let made = 0
  for (const [i, { text, tokens, gaps = [], timeline, confidence, finish_reason: reason }] of outputs.entries()) {
    const uncut = whole.outputs[i]?.gaps ?? []
    t.same(gaps.map((gap) => gap.text), uncut.map((gap) => gap.text.split(stop)[0]))
    for (const [j, gap] of gaps.entries()) t.same(gap.tokens, uncut[j]?.tokens.slice(0, gap.tokens.length))
    t.equal(text, `The${gaps[0]?.text} sat on${gaps[1]?.text}.`)
    t.same([timeline?.length, confidence?.length], [tokens.length, tokens.length])
    t.equal(reason === 'stop', gaps.some((gap, j) => gap.text !== uncut[j]?.text))
    made += gaps.reduce((sum, gap) => sum + gap.tokens.length, 0)
  }
  t.equal(usage.completion_tokens, made)
})

t.test('timeline and confidence have one entry a token', async (t) => {
  const { outputs } = await generate(url, { prompt: 'The', max_tokens: 25, steps: 6, seed: 9, n: 4, timeline: true, confidence: true })
  for (const { tokens, timeline, confidence } of outputs) {
    t.equal(timeline?.length, tokens.length)
    t.equal(confidence?.length, tokens.length)
    t.ok(timeline?.every((step) => step >= 1 && step <= 6), 'every token of a masked canvas is set by some step')
    t.ok(confidence?.every((p) => p >= 0 && p <= 1))
  }
})

t.test('a list of step sizes, a geometric schedule and every solver are taken', async (t) => {
  t.equal((await generate(url, { schedule: [0.5, 0.25, 0.25] })).outputs[0]?.steps, 3)
  t.equal((await generate(url, { schedule: 'geometric', steps: 5 })).outputs[0]?.steps, 5)
  for (const solver of ['cumulative', 'euler', 'euler_exact']) t.equal((await generate(url, { solver, steps: 2 })).outputs[0]?.steps, 2)
})

t.test('a worker that is killed in the middle fails nobody and changes nothing', async (t) => {
  const request = { prompt: 'The', max_tokens: 40, steps: 200, seed: 5, n: 4 }
  const before = await generate(url, request)
  const answer = generate(url, request)
  while (server.engine.stats().runningRows === 0) await new Promise(setImmediate)
  const [victim] = server.engine.workerPids
  signal(victim, 'SIGKILL')
  t.same((await answer).outputs, before.outputs)
  t.notOk(server.engine.workerPids.includes(victim))
})

t.test('an elastic budget is used whole by an idle server, and the answer says why no more', async (t) => {
  const { outputs } = await generate(url, { max_tokens: 20, steps: { min: 2, max: 9 }, seed: 3 })
  t.match(outputs, [{ steps: 9, steps_reason: 'full' }])
  t.equal((await generate(url, { max_tokens: 20, steps: 9, seed: 3 })).outputs[0]?.text, outputs[0]?.text)
})

t.test('stop_when_stable ends an output early and says so', async (t) => {
  const greedy = { max_tokens: 20, steps: 100, temperature: 0, seed: 3 }
  const [output] = (await generate(url, { ...greedy, stop_when_stable: 0.6 })).outputs
  t.equal(output?.steps_reason, 'stable')
  t.ok((output?.steps ?? 100) < 100)
  t.match((await generate(url, { ...greedy, stop_when_stable: false })).outputs, [{ steps: 100, steps_reason: 'full' }])
  const [usual, share] = [true, DEFAULT_STABLE_BELOW].map((stable) => generate(url, { ...greedy, stop_when_stable: stable }))
  t.same((await usual)?.outputs, (await share)?.outputs)
})
