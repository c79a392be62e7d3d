/** POST /v1/score over the wire. */
import t from 'tap'
import { DEFAULT_SAMPLES } from '../../../src/generation/index.js'
import { makeKey } from '../../../src/http/guard/key-line.js'
import type { Score } from '../../../src/http/score/schemas.js'
import { fixture } from '../../support/engine.js'
import { failureAt, postTo } from '../../support/client.js'
import { startTestServer } from '../../support/server.js'

const server = await startTestServer({ modelDirectories: [fixture('tiny-text'), fixture('tiny-llada')], maxQueue: 32 })
t.teardown(server.stop)
const { url } = server

async function score (body: object): Promise<Score> {
  const response = await postTo(url, '/v1/score', body)
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return await response.json() as Score
}

const BODY = { prompt: 'Every morning the fox said good day to the ', continuations: ['wind', 'owl', 'wood'], seed: 3 }

t.test('each continuation has a bound, its error, bits a byte and its share', async (t) => {
  for (const model of ['tiny-text', 'tiny-llada']) {
    const { scores, ...rest } = await score({ ...BODY, model, samples: 16 })
    t.match(rest, { id: /^score-/, object: 'score', model, seed: 3, samples: 16, usage: { network_calls: 48 }, timings: { total_ms: Number } })
    t.same(scores.map(({ index, text }) => [index, text]), [[0, ' wind'], [1, ' owl'], [2, ' wood']], 'the space belongs to them')
    t.equal(rest.usage.scored_tokens, scores.reduce((sum, { tokens }) => sum + tokens, 0))
    for (const { text, tokens, logprob, standard_error: error, bits_per_byte: bits } of scores) {
      t.ok(tokens > 0 && logprob < 0 && error >= 0)
      t.ok(Math.abs(bits + logprob / Math.LN2 / text.length) < 1e-3)
    }
    const shares = scores.map(({ probability }) => probability)
    t.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-4)
    const logprobs = scores.map(({ logprob }) => logprob)
    t.equal(shares.indexOf(Math.max(...shares)), logprobs.indexOf(Math.max(...logprobs)))
  }
})

t.test('the same seed gives the same scores, and without one it is reported', async (t) => {
  const { scores, seed, samples } = await score({ ...BODY, seed: undefined })
  t.equal(samples, DEFAULT_SAMPLES)
  t.same((await score({ ...BODY, seed })).scores, scores)
  t.not(JSON.stringify((await score({ ...BODY, seed: seed + 1 })).scores), JSON.stringify(scores))
})

t.test('a template with choices is scored as a prompt and a suffix with continuations', async (t) => {
  const { scores } = await score({ template: 'The fox said good day to the [[wind|owl]] again.', seed: 3 })
  const { scores: same } = await score({ prompt: 'The fox said good day to the', continuations: [' wind', ' owl'], suffix: ' again.', seed: 3 })
  t.same(scores, same)
  const { scores: beside } = await score({ template: 'The fox said [[2]] to the [[wind|owl]] again.', seed: 3 })
  t.not(JSON.stringify(beside), JSON.stringify(scores), 'a gap beside it is noise')
})

t.test('what cannot be scored is refused, and the error names the field', async (t) => {
  const cases: Array<[body: object, expected: object]> = [
    [{}, { status: 400, field: 'continuations', message: /there is nothing to score/ }],
    [{ prompt: 'a' }, { status: 400, field: 'continuations' }],
    [{ continuations: [] }, { status: 400, field: 'continuations', message: /at least 1 entry/ }],
    [{ continuations: [''] }, { status: 400, field: 'continuations', message: /continuations\[0\] must have at least 1 character/ }],
    [{ continuations: Array<string>(65).fill('a') }, { status: 400, field: 'continuations', message: /at most 64 entries/ }],
    [{ continuations: Array<string>(33).fill('a') }, { status: 400, field: 'continuations', message: /33 texts to score, and the model's queue holds 32/ }],
    [{ ...BODY, samples: 2 }, { status: 400, field: 'samples', message: /samples must be at least 4/ }],
    [{ ...BODY, samples: 7 }, { status: 400, field: 'samples', message: /samples must be multiple of 2/ }],
    [{ ...BODY, sample: 8 }, { status: 400, field: 'sample', message: /did you mean samples\?/ }],
    [{ ...BODY, model: 'other' }, { status: 404, code: 'model_not_found' }],
    [{ template: 'a [[b|c]]', prompt: 'a' }, { status: 400, field: 'prompt', message: /exclude each other/ }],
    [{ template: 'a [[3]]' }, { status: 422, code: 'invalid_template', field: 'template', message: /one gap of choices/ }],
    [{ template: '[[a|b]] and [[c|d]]' }, { status: 422, code: 'invalid_template', message: /one gap of choices/ }],
    [{ template: `${'[[64]]'.repeat(600)} [[a|b]]` }, { status: 422, code: 'prompt_too_long', field: 'template' }],
    [{ template: `[[a|b]]${'[[64]]'.repeat(20)}` }, { status: 422, code: 'prompt_too_long', field: 'template', message: /the model's canvas has 64/ }],
    [{ template: 'a [[b|]]' }, { status: 422, code: 'invalid_template', message: /an empty choice/ }],
    [{ template: 'a [[b|b]]' }, { status: 422, code: 'invalid_template', message: /the same choice twice/ }],
    [{ ...BODY, continuations: ['x'.repeat(60)] }, { status: 422, code: 'prompt_too_long', field: 'continuations', message: /the model's canvas has 64/ }],
    [{ ...BODY, continuations: ['x'.repeat(5000)] }, { status: 422, code: 'prompt_too_long', field: 'continuations' }],
    [{ continuations: ['\ud800'] }, { status: 400, field: 'continuations', message: /surrogate/ }]
  ]
  for (const [body, expected] of cases) t.match(await failureAt(url, '/v1/score', body), expected, JSON.stringify(body).slice(0, 70))
})

t.test('a model whose graph is of an older version says so, and generates', async (t) => {
  const old = await startTestServer({ modelDirectories: [fixture('tiny-old')] })
  t.teardown(old.stop)
  t.match(await failureAt(old.url, '/v1/score', BODY), {
    status: 422, code: 'not_supported', field: 'model', message: /^tiny-old has a step graph of version 1, .* export the model again/
  })
  t.match(await (await fetch(`${old.url}/v1/models/tiny-old`)).json(), { supports: { scoring: false, choices: false, reveal_above: false } })
  t.equal((await postTo(old.url, '/v1/generate', { max_tokens: 4, steps: 2 })).status, 200)
})

t.test('keys pay for scores as for steps, and metrics count them', async (t) => {
  const key = makeKey()
  const guarded = await startTestServer({ apiKeys: [`alice:${key}`], positionsPerMinute: 3000, canvasesAtOnce: 3 })
  t.teardown(guarded.stop)
  const headers = { 'x-api-key': key }
  const body = { prompt: 'a', continuations: [' b', ' c'], samples: 8 }
  t.match(await failureAt(guarded.url, '/v1/score', body), { status: 401 })
  t.equal((await postTo(guarded.url, '/v1/score', body, { headers })).status, 200)
  const metrics = await (await fetch(`${guarded.url}/metrics`)).text()
  t.match(metrics, /^fewstep_key_positions_total\{key="alice"\} 512$/m, '2 texts x 8 calls x 32 positions')
  t.match(metrics, /^fewstep_scored_tokens_total\{model="tiny-text"\} \d+$/m)
  t.match(metrics, /^fewstep_generations_total\{model="tiny-text",outcome="completed"\} 1$/m)
  t.match(await failureAt(guarded.url, '/v1/score', { ...body, samples: 64 }, { headers }), { status: 429, message: /costs 4096 positions/ })
  t.match(await failureAt(guarded.url, '/v1/score', { ...body, continuations: ['a', 'b', 'c', 'd'] }, { headers }), { status: 429, message: /needs 4 canvases/ })
})

t.test('a deadline too short for an idle server is refused, and nothing of a text is in the log', async (t) => {
  await score({ ...BODY, continuations: ['secretly'], samples: 64 })
  const { status, code } = await failureAt(url, '/v1/score', { ...BODY, samples: 1024, deadline_ms: 1 })
  t.ok(status === 422 || status === 429 || status === 504, `${status} ${code}`)
  t.notMatch(JSON.stringify(server.log), /secretly|Every morning/)
  t.ok(server.log.some(({ scoring }) => typeof scoring === 'string'))
})
