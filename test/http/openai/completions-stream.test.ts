/** /v1/completions, asked by OpenAI's own client, in streams. */
import type OpenAI from 'openai'
import t from 'tap'
import { all, completing, MODEL, PROMPT, refusing, startOpenAi, startUnmeasured, wire } from '../../support/openai.js'

const { server, client } = await startOpenAi()
t.teardown(server.stop)
const { url } = server
const LLADA = 'fewstep-stories-llada'
const complete = completing(client)
const refused = refusing(client)

t.test('a stream of flow matching tells each text at once, with its reason, and then [DONE]', async (t) => {
  const whole = await complete({ n: 2 })
  const chunks = await all(await client.completions.create({ model: MODEL, prompt: PROMPT, max_tokens: 24, seed: 7, n: 2, stream: true }))
  t.equal(new Set(chunks.map(({ id }) => id)).size, 1)
  t.same(chunks.map(({ choices }) => choices[0]?.text), whole.choices.map(({ text }) => text))
  t.same(chunks.map(({ choices }) => choices[0]?.finish_reason), whole.choices.map(({ finish_reason: reason }) => reason))
  t.notOk(chunks.some((chunk) => 'usage' in chunk))
  const lines = await wire(url, '/v1/completions', { prompt: PROMPT, max_tokens: 8, stream: true })
  t.equal(lines.at(-1), '[DONE]')
})

t.test('a text longer than the canvas is made in blocks, each of which is a delta', async (t) => {
  const body = { model: MODEL, prompt: PROMPT, max_tokens: 300, block_length: 100, steps: 2, seed: 7, ignore_eos: true } as const
  const whole = await client.completions.create(body as OpenAI.CompletionCreateParamsNonStreaming)
  t.match(whole.choices, [{ blocks: 3, steps: 6, finish_reason: 'length' }])
  t.equal(whole.usage?.completion_tokens, 300)
  const streamed = { ...body, stream: true, stream_options: { continuous_usage_stats: true } } as OpenAI.CompletionCreateParamsStreaming
  const chunks = await all(await client.completions.create(streamed))
  t.equal(chunks.map(({ choices }) => choices[0]?.text).join(''), whole.choices[0]?.text)
  t.same(chunks.map(({ usage }) => usage?.completion_tokens), [100, 200, 300])
  t.same(chunks.map(({ choices }) => choices[0]?.finish_reason), [null, null, 'length'])
  t.match(await refused({ suffix: 'and', block_length: 8 }), { status: 400, code: 'invalid_request', param: 'block_length' })
})

t.test('a stream of masked diffusion tells the unbroken beginning as it is revealed, and takes nothing back', async (t) => {
  const body = { model: LLADA, prompt: [PROMPT, 'The cat'], max_tokens: 32, steps: 32, seed: 3, n: 2, echo: true, stop: ['. '] } as const
  const whole = await client.completions.create({ ...body, prompt: [...body.prompt], stop: [...body.stop] })
  const texts = ['', '', '', '']
  const reasons: unknown[][] = [[], [], [], []]
  for await (const { choices: [choice] } of await client.completions.create({
    ...body,
    prompt: [...body.prompt],
    stop: [...body.stop],
    stream: true
  })) {
    texts[choice?.index ?? 0] += choice?.text ?? '?'
    reasons[choice?.index ?? 0]?.push(choice?.finish_reason)
  }
  t.same(texts, whole.choices.map(({ text }) => text))
  for (const [i, said] of reasons.entries()) t.same(said, [...new Array<null>(said.length - 1).fill(null), whole.choices[i]?.finish_reason])
  t.ok(reasons.some((said) => said.length > 2), 'it came in several pieces')
})

t.test('usage comes with one more chunk where it is asked for, or with every chunk', async (t) => {
  const body = { model: LLADA, prompt: PROMPT, max_tokens: 16, steps: 16, seed: 3, stream: true } as const
  const { usage } = await client.completions.create({ ...body, stream: false })
  const chunks = await all(await client.completions.create({ ...body, stream_options: { include_usage: true } }))
  t.same(chunks.at(-1)?.choices, [])
  t.same(chunks.at(-1)?.usage, usage)
  t.ok(chunks.slice(0, -1).every((chunk) => chunk.usage === null))
  const options = { include_usage: true, continuous_usage_stats: true }
  const counts = (await all(await client.completions.create({
    ...body,
    stream_options: options
  }))).map((chunk) => chunk.usage?.completion_tokens ?? -1)
  t.same(counts, [...counts].sort((a, b) => a - b))
  t.equal(counts.at(-1), usage?.completion_tokens)
})

t.test('diffusing: every chunk is the whole text and replaces the one before', async (t) => {
  const whole = await complete({ steps: 6 })
  const chunks = (await wire(url, '/v1/completions', { prompt: PROMPT, max_tokens: 24, seed: 7, steps: 6, stream: true, diffusing: true }))
    .slice(0, -1).map((line) => JSON.parse(line) as OpenAI.Completion & {
      diffusion_meta: {
        diffusion_content: boolean,
        diffusion_progress: number
      }
    })
  t.ok(chunks.length > 1)
  t.match(chunks.at(-1), {
    choices: [{ text: whole.choices[0]?.text, finish_reason: whole.choices[0]?.finish_reason }],
    diffusion_meta: { diffusion_progress: 1 }
  })
  const progress = chunks.map(({ diffusion_meta: meta }) => meta.diffusion_progress)
  t.same(progress, [...progress].sort((a, b) => a - b))
  t.ok(chunks.every(({ diffusion_meta: meta }) => meta.diffusion_content))
})

t.test('a stream with logprobs tells them with its text, at the end', async (t) => {
  const steps = { steps: 16 }
  const chunks = await all(await client.completions.create({
    model: LLADA,
    prompt: PROMPT,
    max_tokens: 16,
    ...steps,
    seed: 3,
    stream: true,
    logprobs: 1
  }))
  t.equal(chunks.length, 1)
  const [choice] = chunks[0]?.choices ?? []
  t.equal(choice?.logprobs?.tokens?.join(''), choice?.text)
})

t.test('a failure in the middle of a stream is an error frame, then [DONE]', async (t) => {
  const { server: { url } } = await startUnmeasured(t)
  const lines = await wire(url, '/v1/completions', { prompt: PROMPT, steps: 1024, deadline_ms: 20, stream: true })
  t.equal(lines.at(-1), '[DONE]')
  t.match(JSON.parse(lines.at(-2) ?? ''), { error: { code: 'deadline_exceeded', type: 'timeout_error', param: 'deadline_ms' } })
  const { client } = await startUnmeasured(t)
  await t.rejects(async () => {
    const body = { model: MODEL, prompt: PROMPT, max_tokens: 64, steps: 1024, deadline_ms: 20, stream: true } as const
    await all(await client.completions.create(body as OpenAI.CompletionCreateParamsStreaming))
  }, { code: 'deadline_exceeded' })
})

t.test('a client that leaves frees its places', async (t) => {
  const stream = await client.completions.create({
    model: MODEL,
    prompt: ['a', 'b'],
    max_tokens: 64,
    stream: true,
    steps: 1024,
    n: 2
  } as OpenAI.CompletionCreateParamsStreaming)
  t.equal(server.engine.stats().generations, 2)
  stream.controller.abort()
  while (server.engine.stats().generations > 0) await new Promise(setImmediate)
})
