import type OpenAI from 'openai'
import t from 'tap'
import { copyOf } from '../../support/copy.js'
import { clientOf } from '../../support/openai.js'
import { startTestServer, TINY_TEXT } from '../../support/server.js'

const server = await startTestServer({ modelDirectories: [TINY_TEXT, await copyOf('tiny-text', { name: 'team/tiny text' })] })
t.teardown(server.stop)
const { url } = server
const { tokenizer } = server.model

async function post (path: string, body: object): Promise<{ status: number } & Record<string, unknown>> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' }
  })
  return { status: response.status, ...await response.json() as object }
}

t.test('a text goes to tokens and back', async (t) => {
  const text = 'The cat was Très 🦊 <|endoftext|>'
  const tokens = tokenizer.encode(text)
  t.match(await post('/tokenize', { prompt: text, add_special_tokens: true, return_token_strs: true }), {
    status: 200, tokens, count: tokens.length, max_model_len: 64, token_strs: tokenizer.pieces(tokens)
  })
  t.match(await post('/detokenize', { tokens }), { status: 200, prompt: text })
  const { tokens: special } = await post('/tokenize', { prompt: '<|endoftext|>', allow_special: true })
  t.same(special, [[...tokenizer.endOfTextTokenIds][0]])
})

t.test('texts longer than a canvas are tokenised, far longer ones refused', async (t) => {
  const long = 'the cat sat. '.repeat(1000)
  t.match(await post('/tokenize', { prompt: long }), { status: 200, tokens: tokenizer.encode(long) })
  t.match(await post('/tokenize', { prompt: 'a'.repeat(40_000) }), { status: 400, error: { param: 'prompt', message: /in parts/ } })
  t.match(await post('/tokenize', {}), { status: 400, error: { param: 'prompt', message: /either prompt or messages/ } })
  t.match(await post('/detokenize', { tokens: [9999] }), { status: 400, error: { param: 'tokens' } })
  t.match(await post('/detokenize', { tokens: new Array<number>(20_000).fill(1) }), { status: 400, error: { param: 'tokens' } })
})

t.test('the tokenizer says what it is', async (t) => {
  t.match(await (await fetch(`${url}/tokenizer_info`)).json(), {
    vocab_size: server.model.manifest.vocab_size, model_max_length: 64, eos_token: '<|endoftext|>', chat_template: null
  })
})

t.test('a model is told by its name, with a slash in it too', async (t) => {
  const client = clientOf(url)
  t.match(await client.models.retrieve('tiny-text'), { id: 'tiny-text', object: 'model' })
  t.match(await client.models.retrieve('team/tiny text'), { id: 'team/tiny text' })
  for (const path of ['/v1/models/team/tiny%20text', '/v1/models/team%2Ftiny%20text', '/v1//models/team/tiny%20text',
    '//v1/models/tiny-text']) {
    t.equal((await fetch(`${url}${path}`)).status, 200, path)
  }
  await t.rejects(client.models.retrieve('other'), { code: 'model_not_found', param: 'model' })
  t.same((await client.models.list()).data.map(({ id }) => id), ['tiny-text', 'team/tiny text'])
})

t.test('/health is 200 while the server is ready', async (t) => {
  t.match(await (await fetch(`${url}/health`)).json(), { status: 'ready' })
})

t.test('a full queue says when to come again, in seconds and milliseconds', async (t) => {
  const small = await startTestServer({ maxQueue: 1 })
  t.teardown(small.stop)
  const client = clientOf(small.url)
  const long = client.completions.create({
    model: 'tiny-text',
    prompt: 'a',
    stream: true,
    steps: 1024
  } as OpenAI.CompletionCreateParamsStreaming)
  const error = await client.completions.create({
    model: 'tiny-text',
    prompt: 'a'
  }).catch((thrown: unknown) => thrown) as InstanceType<typeof OpenAI.RateLimitError>
  t.match(error, { status: 429, code: 'queue_full', type: 'rate_limit_error' })
  t.equal(Number(error.headers.get('retry-after-ms')), 1000 * Number(error.headers.get('retry-after')))
  ;(await long).controller.abort()
})

t.test('two prompts are admitted together or not at all', async (t) => {
  const small = await startTestServer({ maxQueue: 3 })
  t.teardown(small.stop)
  const client = clientOf(small.url)
  const long = await client.completions.create({
    model: 'tiny-text',
    prompt: ['a', 'b'],
    stream: true,
    steps: 1024
  } as OpenAI.CompletionCreateParamsStreaming)
  await t.rejects(client.completions.create({ model: 'tiny-text', prompt: ['a', 'b'] }), { code: 'queue_full' })
  t.equal(small.engine.stats().generations, 2)
  await t.rejects(client.completions.create({ model: 'tiny-text', prompt: ['a', 'b'], n: 2 }), {
    code: 'invalid_request',
    message: /at most 1/
  })
  long.controller.abort()
})
