import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type OpenAI from 'openai'
import t from 'tap'
import { copyOf } from '../../support/copy.js'
import { editGraph, editTokenizer, withoutMetadata, type Json } from '../../support/model-folder.js'
import { all, clientOf, startOpenAi, wire } from '../../support/openai.js'
import { startTestServer } from '../../support/server.js'

const { server, client } = await startOpenAi()
t.teardown(server.stop)
const MODEL = 'fewstep-stories'
const LLADA = 'fewstep-stories-llada'
const MESSAGES = [{ role: 'system', content: 'A story.' }, { role: 'user', content: 'Tell me about the cat.' }] as const

type Fields = Readonly<Record<string, unknown>>

async function chat (body: Fields = {}, to: OpenAI = client): Promise<OpenAI.ChatCompletion> {
  return await to.chat.completions.create({
    model: MODEL, messages: [...MESSAGES], max_tokens: 24, seed: 7, ...body
  } as OpenAI.ChatCompletionCreateParamsNonStreaming)
}

async function refused (body: Fields, to: OpenAI = client): Promise<unknown> {
  return await chat(body, to).then(() => { throw new Error('it was not refused') }, (error: unknown) => error)
}

async function complete (prompt: string, body: Fields = {}): Promise<OpenAI.Completion> {
  return await client.completions.create({
    model: MODEL,
    prompt,
    max_tokens: 24,
    seed: 7,
    ...body
  } as OpenAI.CompletionCreateParamsNonStreaming)
}

t.test('an answer has what OpenAI has', async (t) => {
  const answer = await chat({ n: 2, logprobs: true, top_logprobs: 2 })
  t.match(answer, { id: /^chatcmpl-/, object: 'chat.completion', model: MODEL, choices: [{ index: 0 }, { index: 1 }] })
  for (const { message, logprobs } of answer.choices) {
    t.match(message, { role: 'assistant', refusal: null })
    t.equal(logprobs?.content?.map(({ token }) => token).join(''), message.content)
    t.ok(logprobs?.content?.every(({ token, logprob, bytes, top_logprobs: [top] }) =>
      logprob <= 0 && Buffer.from(bytes ?? []).toString() === token && top?.token === token))
  }
  const { usage } = answer
  t.equal(usage?.total_tokens, (usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0))
})

t.test('a model without a template gets the plain one, whose turns end an answer', async (t) => {
  const prompt = 'A story.\n\nUser: Tell me about the cat.\n\nAssistant: '
  const stop = ['\n\nUser:', '\n\nAssistant:']
  t.equal((await chat()).choices[0]?.message.content, (await complete(prompt, { stop })).choices[0]?.text)
  const parts = [{ role: 'developer', content: [{ type: 'text', text: 'A' }, { type: 'text', text: 'story.' }] }, MESSAGES[1]]
  t.equal((await chat({ messages: parts })).choices[0]?.message.content,
    (await complete(prompt.replace('A story', 'A\nstory'), { stop })).choices[0]?.text)
})

t.test('max_completion_tokens counts where both are given', async (t) => {
  t.equal((await chat({ max_tokens: 5, max_completion_tokens: 9, ignore_eos: true, stop: [] })).usage?.completion_tokens, 9)
  t.match(await refused({ max_completion_tokens: 9000 }), { status: 400, code: 'context_length_exceeded', param: 'max_completion_tokens' })
  t.match(await refused({ messages: [{ role: 'user', content: 'a cat '.repeat(250) }] }), {
    status: 400,
    code: 'context_length_exceeded',
    param: 'messages'
  })
  t.match(await refused({ messages: [{ role: 'user', content: 'a cat '.repeat(2500) }] }), {
    status: 400,
    code: 'context_length_exceeded',
    param: 'messages'
  })
})

t.test('what is not supported gets 400 and is named; what changes nothing is accepted', async (t) => {
  const fields = {
    tools: [{ type: 'function', function: { name: 'f' } }],
    tool_choice: 'required',
    response_format: { type: 'json_schema' },
    modalities: ['audio'],
    frequency_penalty: 1,
    logit_bias: { 1: 1 },
    top_logprobs: 21,
    messages: [{ role: 'tool', content: '' }],
    reasoning_effort: 'much'
  }
  for (const [param, value] of Object.entries(fields)) {
    t.match(await refused({ [param]: value }), {
      status: 400,
      param,
      type: 'invalid_request_error'
    }, param)
  }
  const image = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }]
  t.match(await refused({ messages: image }), { status: 400, param: 'messages' })
  const noOps = {
    tools: [],
    tool_choice: 'auto',
    response_format: { type: 'text' },
    parallel_tool_calls: true,
    user: 'me',
    store: false,
    metadata: {},
    service_tier: 'auto'
  }
  t.same((await chat(noOps)).choices, (await chat()).choices)
})

t.test('a stream begins with the role and ends with one reason for each choice', async (t) => {
  const body = { model: LLADA, messages: [...MESSAGES], max_tokens: 32, seed: 3, n: 2, steps: 32 }
  const whole = await chat(body)
  const chunks = await all(await client.chat.completions.create({
    ...body,
    stream: true,
    stream_options: { include_usage: true }
  } as OpenAI.ChatCompletionCreateParamsStreaming))
  t.same(chunks.at(-1)?.choices, [])
  t.same(chunks.at(-1)?.usage, whole.usage)
  for (const index of [0, 1]) {
    const choices = chunks.flatMap((chunk) => chunk.choices.filter((choice) => choice.index === index))
    t.equal(choices[0]?.delta.role, 'assistant')
    t.equal(choices.map(({ delta }) => delta.content ?? '').join(''), whole.choices[index]?.message.content)
    t.same(choices.map(({ finish_reason: reason }) => reason), [...choices.slice(1).map(() => null), whole.choices[index]?.finish_reason])
  }
})

t.test('diffusing: every chunk is the whole text, the last one has the reason', async (t) => {
  const whole = await chat({ steps: 6 })
  const lines = await wire(server.url, '/v1/chat/completions', {
    messages: MESSAGES,
    max_tokens: 24,
    seed: 7,
    steps: 6,
    stream: true,
    diffusing: true
  })
  const last = JSON.parse(lines.at(-2) ?? '') as OpenAI.ChatCompletionChunk
  t.match(last, {
    object: 'chat.completion.chunk',
    choices: [{
      delta: { content: whole.choices[0]?.message.content },
      finish_reason: whole.choices[0]?.finish_reason
    }],
    diffusion_meta: { diffusion_content: true, diffusion_progress: 1 }
  })
})

t.test("a model's own template writes the conversation, and its end-of-turn token ends the answer", async (t) => {
  const directory = await copyOf('tiny-text', { name: 'tiny-chat' })
  // It is a special token of this model, as <|im_end|> is of others.
  await editTokenizer(directory, (json) => {
    const { model, added_tokens: added } = json as { model: { vocab: Record<string, number>, merges: string[][] }, added_tokens: Json[] }
    model.merges = model.merges.filter((pair) => !pair.includes('ing') && pair.join('') !== 'ing')
    added.push({
      id: model.vocab['ing'],
      content: 'ing',
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false
    })
  })
  await editGraph(directory, withoutMetadata)
  const turn = "{{ message['role'] + ': ' + message['content'] + 'ing' }}"
  const refusal = "{% if messages[0]['role'] == 'assistant' %}{{ raise_exception('A user speaks first.') }}{% endif %}"
  const source = `${refusal}{% for message in messages %}${turn}{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}`
  await writeFile(join(directory, 'tokenizer_config.json'), JSON.stringify({
    chat_template: source,
    eos_token: { content: '<|endoftext|>' }
  }))
  const own = await startTestServer({ modelDirectories: [directory] })
  t.teardown(own.stop)
  const { model } = own
  const { tokenizer } = model
  const special = tokenizer.encode('ing', { allowSpecial: true })[0] ?? -1
  t.ok(model.chat.endTokens.includes(special), 'what follows a turn ends one')

  const answer = await (await fetch(`${own.url}/tokenize`, {
    method: 'POST', body: JSON.stringify({ messages: [{ role: 'user', content: 'sing' }] }), headers: { 'content-type': 'application/json' }
  })).json() as { tokens: number[] }
  t.equal(answer.tokens.filter((token) => token === special).length, 1, 'the one of the template; the one that was said is text')
  t.equal(tokenizer.decode(answer.tokens), 'user: singingassistant: ')

  const chatClient = clientOf(own.url)
  const { choices } = await chat({ model: 'tiny-chat', messages: [{ role: 'user', content: 'a' }], n: 16, max_tokens: 40 }, chatClient)
  for (const { message } of choices) t.notOk(tokenizer.encode(message.content ?? '', { allowSpecial: true }).includes(special))
  t.match(await refused({ model: 'tiny-chat', messages: [{ role: 'assistant', content: 'a' }] }, chatClient), {
    status: 400, param: 'messages', message: /A user speaks first/
  })
  t.match(await (await fetch(`${own.url}/tokenizer_info`)).json(), { chat_template: source, eos_token: '<|endoftext|>' })
})

t.test('a template that is no Jinja is found at the start', async (t) => {
  const directory = await copyOf('tiny-text')
  await writeFile(join(directory, 'chat_template.jinja'), '{% for message in %}')
  await t.rejects(startTestServer({ modelDirectories: [directory] }),
    { message: /chat_template\.jinja: its chat template cannot be understood/ })
})

t.test('fill in the middle is answered as Mercury and as Mistral do', async (t) => {
  const ask = { model: MODEL, prompt: 'The old man', suffix: ' and went home.', max_tokens: 12 }
  const post = async (body: object): Promise<OpenAI.Completion & { choices: Array<{ message: object }> }> =>
    await (await fetch(`${server.url}/v1/fim/completions`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' }
    })).json() as never
  const answer = await post({ ...ask, random_seed: 7, min_tokens: 0 })
  const { text } = (await complete(ask.prompt, { ...ask })).choices[0] ?? {}
  t.match(answer, {
    choices: [{ index: 0, text, message: { role: 'assistant', content: text }, finish_reason: /stop|length/ }],
    usage: { prompt_tokens: Number }
  })
  const lines = await wire(server.url, '/v1/fim/completions', { ...ask, random_seed: 7, stream: true })
  t.match(JSON.parse(lines[0] ?? ''), { choices: [{ text, delta: { content: text } }] })
  t.match(await post({ ...ask, random_seed: -2 }), { error: { param: 'random_seed' } })
})
