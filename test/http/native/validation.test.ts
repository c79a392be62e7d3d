import t from 'tap'
import { startTestServer } from '../../support/server.js'
import { failure, post } from '../../support/client.js'

const server = await startTestServer({ bodyLimit: 4096 })
t.teardown(server.stop)
const { url } = server

t.test('a wrong field gets 400, and the error names it', async (t) => {
  const cases: Array<[body: Record<string, unknown>, message: RegExp]> = [
    [{ model: 3 }, /model must be a string/],
    [{ prompt: ['a'] }, /prompt must be a string/],
    [{ template: '' }, /template must have at least 1 character/],
    [{ max_tokens: 0 }, /max_tokens must be at least 1/],
    [{ max_tokens: 1.5 }, /max_tokens must be an integer/],
    [{ steps: '8' }, /steps must be a number from 1 to 1024, or an object with min and max$/],
    [{ steps: 1.5 }, /steps must be a number from 1 to 1024, or an object with min and max$/],
    [{ steps: { min: 4 } }, /max is missing in steps$/],
    [{ steps: { min: 0, max: 4 } }, /steps\[min\] must be at least 1/],
    [{ steps: { min: 1, max: 4, mid: 2 } }, /there is no field mid in steps; did you mean min\?/],
    [{ stop_when_stable: 'yes' }, /stop_when_stable must be true, false or a number between 0 and 1$/],
    [{ stop_when_stable: 1 }, /stop_when_stable must be less than 1/],
    [{ steps: 0 }, /steps must be at least 1/],
    [{ steps: 1025 }, /steps must be at most 1024/],
    [{ schedule: 'linear' }, /schedule must be "uniform", "geometric", "tuned" or a list/],
    [{ schedule: 8 }, /schedule must be "uniform", "geometric", "tuned" or a list/],
    [{ schedule: [] }, /schedule must have at least 1 entry/],
    [{ schedule: [0.5, -0.5] }, /schedule\[1\] must be greater than 0/],
    [{ schedule: ['1'] }, /schedule\[0\] must be a number/],
    [{ solver: 'heun' }, /solver must be one of cumulative, euler, euler_exact/],
    [{ temperature: -1 }, /temperature must be at least 0/],
    [{ temperature: 2.1 }, /temperature must be at most 2/],
    [{ top_k: -1 }, /top_k must be at least 0/],
    [{ top_p: 0 }, /top_p must be greater than 0/],
    [{ top_p: 1.1 }, /top_p must be at most 1/],
    [{ seed: -1 }, /seed must be at least 0/],
    [{ seed: 2 ** 53 }, /seed must be at most 9007199254740991/],
    [{ seed: 0.5 }, /seed must be an integer/],
    [{ n: 0 }, /n must be at least 1/],
    [{ n: 17 }, /n must be at most 16/],
    [{ deadline_ms: 0 }, /deadline_ms must be at least 1/],
    [{ deadline_ms: 'soon' }, /deadline_ms must be/],
    [{ stop: 3 }, /stop must be a string of 1 to 64 characters or a list/],
    [{ stop: '' }, /stop must have at least 1 character/],
    [{ stop: 'x'.repeat(65) }, /stop must have at most 64 characters/],
    [{ stop: ['a', ''] }, /stop\[1\] must have at least 1 character/],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, /stop must have at most 4 entries/],
    [{ allow_special: 1 }, /allow_special must be a boolean/],
    [{ stream: 'true' }, /stream must be a boolean/],
    [{ timeline: 1 }, /timeline must be a boolean/],
    [{ confidence: null }, /confidence must be a boolean/]
  ]
  for (const [body, message] of cases) {
    const [field] = Object.keys(body)
    t.match(await failure(url, body), { status: 400, code: 'invalid_request', field, message }, JSON.stringify(body).slice(0, 60))
  }
})

t.test('fields that exclude each other get 400', async (t) => {
  t.match(await failure(url, { prompt: 'a', template: '[[1]]' }), { status: 400, code: 'invalid_request', field: 'template' })
  t.match(await failure(url, { max_tokens: 3, template: '[[1]]' }), { status: 400, code: 'invalid_request', field: 'max_tokens' })
  t.match(await failure(url, { seed: Number.MAX_SAFE_INTEGER, n: 2 }), { status: 400, code: 'invalid_request', field: 'seed' })
})

t.test('an unknown field gets 400, and the nearest known one is suggested', async (t) => {
  t.match(await failure(url, { maxTokens: 3 }), { status: 400, field: 'maxTokens', message: /did you mean max_tokens\?/ })
  t.match(await failure(url, { stepps: 3 }), { status: 400, field: 'stepps', message: /did you mean steps\?/ })
  t.match(await failure(url, { colour: 3 }), { status: 400, field: 'colour', message: /the known ones are model, prompt/ })
})

t.test('half of a surrogate pair is no text, and its field is named', async (t) => {
  const half = '"\\ud83d"'
  t.match(await failure(url, '{"prompt": ' +
    `${half}}`), { status: 400, code: 'invalid_request', field: 'prompt', message: /half of a surrogate pair/ })
  t.match(await failure(url, '{"template": "[[1]] \\ude00"}'), { status: 400, code: 'invalid_request', field: 'template' })
  t.match(await failure(url, `{"stop": ${half}}`), { status: 400, code: 'invalid_request', field: 'stop' })
  t.match(await failure(url, `{"stop": ["a", ${half}]}`), { status: 400, code: 'invalid_request', field: 'stop' })
  t.equal((await post(url, '{"prompt": "\\ud83d\\ude00", "max_tokens": 1, "steps": 1}')).status, 200)
})

t.test('what a message quotes is never half a character', async (t) => {
  const name = 'x'.repeat(63) + '😀'
  for (const body of [{ [name]: 1 }, { model: name }]) {
    const { message = '' } = await failure(url, body)
    t.match(message, new RegExp(`no (field|model) ${'x'.repeat(63)};`))
  }
  t.match(await failure(url, '{"\\ud83d": 1}'), { status: 400, field: '\ufffd' })
})

t.test('a body that is no JSON object gets 400', async (t) => {
  t.match(await failure(url, '{"prompt": "a"'), { status: 400, code: 'invalid_json' })
  t.match(await failure(url, ''), { status: 400, code: 'invalid_json' })
  t.match(await failure(url, '{"__proto__": {"steps": 1}}'), { status: 400, code: 'invalid_json' })
  for (const body of ['3', 'null', '[]', '"text"']) {
    t.match(await failure(url, body), { status: 400, code: 'invalid_request', message: /JSON object/ }, body)
  }
})

t.test('a body of another type gets 415', async (t) => {
  t.match(await failure(url, 'prompt', { headers: { 'content-type': 'text/plain' } }), { status: 415, code: 'unsupported_media_type' })
  t.match(await failure(url, 'a=b', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }), { status: 415 })
})

t.test('a body larger than the limit gets 413', async (t) => {
  t.match(await failure(url, { prompt: 'a'.repeat(5000) }), { status: 413, code: 'body_too_large', message: /4096 bytes/ })
})

t.test('a request that cannot be met gets 422', async (t) => {
  t.match(await failure(url, { prompt: 'the cat sat. '.repeat(60) }), {
    status: 422, code: 'prompt_too_long', field: 'prompt', message: /canvas 64/
  })
  t.match(await failure(url, { prompt: 'The', max_tokens: 9000 }), {
    status: 422, code: 'prompt_too_long', field: 'max_tokens', message: /at most 8192; lower max_tokens/
  })
  t.match(await failure(url, { schedule: [0.5, 0.4] }), {
    status: 422, code: 'invalid_schedule', field: 'schedule', message: /sum to 0\.9/
  })
  t.match(await failure(url, { schedule: [0.5, 0.5], steps: 3 }), { status: 422, code: 'invalid_schedule' })
  t.match(await failure(url, { template: 'no gap' }), { status: 422, code: 'invalid_template', field: 'template' })
})

t.test('another model gets 404, and the loaded one is named', async (t) => {
  t.match(await failure(url, { model: 'gpt' }), { status: 404, code: 'model_not_found', field: 'model', message: /tiny-text/ })
  t.equal((await post(url, { model: 'tiny-text', max_tokens: 1, steps: 1 })).status, 200)
})

t.test('a request for a stream that is wrong gets a plain error', async (t) => {
  const response = await post(url, { steps: 0, stream: true })
  t.equal(response.status, 400)
  t.match(response.headers.get('content-type'), /^application\/json/)
  await response.text()
})
