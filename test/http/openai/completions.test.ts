/** /v1/completions, asked by OpenAI's own client, answered whole. */
import OpenAI from 'openai'
import t from 'tap'
import { loadModel } from '../../../src/model/model.js'
import { completing, MODEL, PROMPT, refusing, startOpenAi, startUnmeasured, STORIES } from '../../support/openai.js'

const { server, client } = await startOpenAi()
t.teardown(server.stop)
const { url } = server
const { tokenizer } = await loadModel(STORIES)
const complete = completing(client)
const refused = refusing(client)

t.test('an answer has what OpenAI has, and what the native route says', async (t) => {
  const answer = await complete({ n: 2 })
  t.match(answer, { id: /^cmpl-/, object: 'text_completion', model: MODEL, system_fingerprint: /^fp_[0-9a-f]{12}$/ })
  t.ok(Number.isInteger(answer.created))
  t.same(answer.choices.map(({ index }) => index), [0, 1])
  const { usage } = answer
  t.equal(usage?.prompt_tokens, tokenizer.encode(PROMPT).length)
  t.equal(usage?.total_tokens, (usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0))
  const native = await (await fetch(`${url}/v1/generate`, {
    method: 'POST', body: JSON.stringify({ prompt: PROMPT, max_tokens: 24, seed: 7, n: 2 }), headers: { 'content-type': 'application/json' }
  })).json() as { outputs: Array<{ text: string, finish_reason: string }> }
  t.same(answer.choices.map(({ text, finish_reason: reason }) => ({ text, reason })), native.outputs.map(({
    text,
    finish_reason: reason
  }) => ({ text, reason })))
  t.match(answer.choices, [{ seed: 7, steps: 8, steps_reason: 'full', logprobs: null }, { seed: 8 }])
})

t.test('a prompt is a text, tokens, or a list of either, and each is answered as if it were alone', async (t) => {
  const prompts = [PROMPT, 'The cat']
  const ids = prompts.map((prompt) => tokenizer.encode(prompt))
  const alone = await Promise.all(prompts.map((prompt) => complete({ prompt, n: 2 })))
  const expected = alone.flatMap(({ choices }) => choices.map(({ text }) => text))
  for (const prompt of [prompts, ids]) {
    const { choices, usage } = await complete({ prompt, n: 2 })
    t.same(choices.map(({ text }) => text), expected)
    t.same(choices.map(({ index }) => index), [0, 1, 2, 3])
    t.equal(usage?.prompt_tokens, ids.flat().length)
  }
  t.equal((await complete({ prompt: ids[0] ?? [] })).choices[0]?.text, expected[0])
})

t.test('16 tokens are made where nothing is said, fewer where there is no room', async (t) => {
  t.equal((await complete({ max_tokens: undefined, ignore_eos: true })).usage?.completion_tokens, 16)
  const prompt = new Array<number>(250).fill(tokenizer.encode('a')[0] ?? 0)
  t.equal((await complete({ prompt, max_tokens: undefined, ignore_eos: true })).usage?.completion_tokens, 6)
})

t.test('echo puts the prompt before the text, whichever form it came in', async (t) => {
  const [plain] = (await complete({ prompt: `${PROMPT} ` })).choices
  t.equal((await complete({ prompt: `${PROMPT} `, echo: true })).choices[0]?.text, `${PROMPT} ${plain?.text}`)
  const ids = tokenizer.encode(PROMPT)
  t.ok((await complete({ prompt: ids, echo: true })).choices[0]?.text.startsWith(PROMPT))
})

t.test('logprobs are the logarithms of the confidence, one for each token of the text', async (t) => {
  const { choices } = await complete({ logprobs: 2 })
  const [{ text, logprobs }] = choices as [OpenAI.CompletionChoice]
  t.equal(logprobs?.tokens?.join(''), text)
  t.equal(logprobs?.token_logprobs?.length, logprobs?.tokens?.length)
  t.ok(logprobs?.token_logprobs?.every((value) => value <= 0))
  for (const [i, token] of logprobs?.tokens?.entries() ?? []) {
    t.equal(text.slice(logprobs?.text_offset?.[i]).startsWith(token), true)
    t.equal(logprobs?.top_logprobs?.[i]?.[token], logprobs?.token_logprobs?.[i])
  }
})

t.test('stop strings cut the text, more than four of them too', async (t) => {
  const [whole] = (await complete({ max_tokens: 60 })).choices
  const stop = ['~1', '~2', '~3', '~4', '~5', whole?.text.slice(20, 24) ?? '']
  const [cut] = (await complete({ max_tokens: 60, stop })).choices
  t.equal(cut?.text, whole?.text.split(stop[5] ?? '')[0])
  t.equal(cut?.finish_reason, 'stop')
  const [, second] = tokenizer.encode(whole?.text ?? '')
  t.match((await complete({ max_tokens: 60, stop_token_ids: [second ?? 0] })).choices, [{ finish_reason: 'stop' }])
})

t.test('a suffix stands after what is made', async (t) => {
  const { choices, usage } = await complete({ prompt: 'The old man', suffix: ' and went home.', max_tokens: 12, ignore_eos: true })
  t.equal(usage?.completion_tokens, 12)
  t.equal(usage?.prompt_tokens, tokenizer.encode('The old man').length + tokenizer.encode(' and went home.').length)
  t.notOk(choices[0]?.text.includes('and went home.'))
  const template = await (await fetch(`${url}/v1/generate`, {
    method: 'POST',
    body: JSON.stringify({ template: 'The old man[[12]] and went home.', seed: 7 }),
    headers: { 'content-type': 'application/json' }
  })).json() as { outputs: Array<{ gaps: Array<{ text: string }> }> }
  t.equal((await complete({ prompt: 'The old man', suffix: ' and went home.', max_tokens: 12 })).choices[0]?.text,
    template.outputs[0]?.gaps[0]?.text)
})

t.test('best_of draws more and keeps the most confident', async (t) => {
  const drawn = (await complete({ n: 6, logprobs: 0 })).choices
  const score = ({ logprobs }: OpenAI.CompletionChoice): number => {
    const values = logprobs?.token_logprobs ?? []
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const best = [...drawn].sort((a, b) => score(b) - score(a)).slice(0, 2)
  const answer = await complete({ n: 2, best_of: 6 })
  t.same(answer.choices.map(({ text }) => text), best.map(({ text }) => text))
  t.same(answer.choices.map(({ index }) => index), [0, 1])
})

t.test('the options of diffusion are taken beside OpenAI\'s', async (t) => {
  t.match((await complete({
    steps: 3,
    schedule: 'geometric',
    solver: 'euler',
    jumps: 'independent',
    top_k: 20,
    deadline_ms: 60_000
  })).choices, [{ steps: 3 }])
  t.match((await complete({ steps: { min: 2, max: 5 }, stop_when_stable: true })).choices, [{ steps_reason: /full|stable/ }])
  t.match((await complete({ schedule: [0.5, 0.5], reasoning_effort: 'high' })).choices, [{ steps: 2 }])
  for (const [effort, steps] of Object.entries({ instant: 4, low: 8, medium: 16, high: 32 })) {
    t.match((await complete({ reasoning_effort: effort })).choices, [{ steps }], effort)
  }
  const [choice] = (await complete({ timeline: true, logprobs: 0 })).choices as [OpenAI.CompletionChoice & { timeline: number[] }]
  t.equal(choice.timeline.length, choice.logprobs?.tokens?.length)
})

t.test('null is as good as left out, no-ops and unknown fields are accepted', async (t) => {
  const plain = await complete({})
  const nulls = Object.fromEntries(['best_of', 'echo', 'frequency_penalty', 'logit_bias', 'logprobs', 'n', 'presence_penalty', 'stop',
    'stream',
    'stream_options', 'suffix', 'temperature', 'top_p', 'user', 'steps', 'schedule'].map((field) => [field, null]))
  const noOps = {
    frequency_penalty: 0,
    presence_penalty: 0,
    repetition_penalty: 1,
    logit_bias: {},
    user: '',
    min_p: 0,
    min_tokens: 0,
    stop: [],
    top_k: -1,
    add_special_tokens: true,
    skip_special_tokens: true,
    use_beam_search: false,
    response_format: { type: 'text' },
    something_new: [{}]
  }
  for (const more of [nulls, noOps]) t.equal((await complete(more)).choices[0]?.text, plain.choices[0]?.text)
})

t.test('what would change the result and is not supported gets 400 and is named', async (t) => {
  const fields = {
    frequency_penalty: 0.5,
    presence_penalty: -1,
    repetition_penalty: 1.2,
    logit_bias: { 5: 100 },
    min_tokens: 3,
    use_beam_search: true,
    response_format: { type: 'json_object' },
    guided_regex: 'a+',
    best_of: 1,
    n: 129,
    logprobs: 6,
    temperature: 3,
    steps: 0,
    stop: '',
    echo: 'yes',
    suffix: 7,
    max_tokens: 0,
    prompt: [],
    model: 5
  }
  for (const [param, value] of Object.entries(fields)) {
    const error = await refused({ n: 2, [param]: value })
    t.match(error, { status: 400, type: 'invalid_request_error', param, code: 'invalid_request' }, param)
    t.ok(error instanceof OpenAI.BadRequestError)
  }
  for (const most of [0, 1, 8]) {
    t.match(await refused({ echo: true, logprobs: 1, max_tokens: most }), { status: 400, param: 'logprobs', message: /POST \/v1\/score/ })
  }
  t.match(await refused({ prompt_logprobs: 1 }), { status: 400, param: 'prompt_logprobs', message: /POST \/v1\/score/ })
  t.match(await refused({ prompt: [[1, 99_999]] }), { status: 400, param: 'prompt', message: /token 99999/ })
})

t.test('what is too long has the code that clients look for', async (t) => {
  t.match(await refused({ prompt: 'a cat '.repeat(300) }), { status: 400, code: 'context_length_exceeded', param: 'prompt' })
  t.match(await refused({ max_tokens: 9000 }), { status: 400, code: 'context_length_exceeded', param: 'max_tokens', message: /at most/ })
  t.match(await refused({ prompt: new Array<number>(300).fill(5) }), { status: 400, code: 'context_length_exceeded', param: 'prompt' })
  t.match(await refused({ schedule: [0.5, 0.4] }), { status: 400, code: 'invalid_request', param: 'schedule' })
})

t.test('errors are those of the client, with all that it reads', async (t) => {
  const unknown = await refused({ model: 'gpt-4' })
  t.ok(unknown instanceof OpenAI.NotFoundError)
  t.match(unknown, { code: 'model_not_found', param: 'model', requestID: /./ })
  t.match(await refused({ steps: 1024, deadline_ms: 1 }), { status: 400, param: 'deadline_ms', message: /too short/ })
})

t.test('what is late is not to be tried again', async (t) => {
  const { client } = await startUnmeasured(t)
  const body = { model: MODEL, prompt: PROMPT, steps: 1024, deadline_ms: 20 } as OpenAI.CompletionCreateParamsNonStreaming
  const late = await client.completions.create(body)
    .catch((error: unknown) => error)
  t.match(late, { status: 504, type: 'timeout_error', code: 'deadline_exceeded', headers: Headers })
  t.equal((late as InstanceType<typeof OpenAI.APIError>).headers?.get('x-should-retry'), 'false')
})
