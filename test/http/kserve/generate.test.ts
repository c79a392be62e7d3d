/** The generate extension of the KServe routes. */
import t from 'tap'
import { generate } from '../../support/client.js'
import { fixture } from '../../support/engine.js'
import { ask, dataOf } from '../../support/kserve.js'
import { startTestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

const NAMES = ['tiny-text', 'tiny-llada', 'tiny-dream'] as const
const server = await startTestServer({ modelDirectories: NAMES.map(fixture) })
t.teardown(server.stop)
const { url } = server

async function stream (name: string, body: object): Promise<Array<Record<string, unknown>>> {
  const response = await fetch(`${url}/v2/models/${name}/generate_stream`, { method: 'POST', body: JSON.stringify(body) })
  t.match(response.headers.get('content-type'), /^text\/event-stream/)
  return dataOf(await response.text())
}

for (const name of NAMES) {
  t.test(name, async (t) => {
    const options = { max_tokens: 20, steps: 4, seed: 5 }

    await t.test('generates the text that the native route does', async (t) => {
      const { outputs: [output], usage } = await generate(url, { model: name, prompt: 'The cat', ...options })
      const plain = { text_output: output?.text, model_name: name, model_version: '1' }
      t.strictSame((await ask(url, `/models/${name}/generate`, { text_input: 'The cat', parameters: options })).body, plain)
      const parameters = { ...options, details: true, stream: false }
      const { body } = await ask(url, `/models/${name}/versions/1/generate`, { text_input: 'The cat', parameters })
      t.strictSame(body, {
        ...plain,
        details: {
          finish_reason: output?.finish_reason,
          seed: 5,
          steps: 4,
          steps_reason: output?.steps_reason,
          prompt_tokens: usage.prompt_tokens,
          completion_tokens: usage.completion_tokens
        }
      })
    })

    await t.test('fills in a template', async (t) => {
      const parameters = { template: true, steps: 2 }
      const { body } = await ask(url, `/models/${name}/generate`, { text_input: 'The [[3]] sat.', parameters })
      t.match(body['text_output'], /^The.* sat\.$/s)
    })

    await t.test('streams whole texts, and with details what changed', async (t) => {
      const body = { text_input: 'The cat', parameters: { ...options, stream: true } }
      const plain = await stream(name, body)
      t.equal(plain.length, 5, 'four refinements and the finished text')
      t.notOk(plain.some((event) => 'details' in event))
      t.strictSame(plain.at(-1), (await ask(url, `/models/${name}/generate`, { text_input: 'The cat', parameters: options })).body)

      const detailed = await stream(name, { ...body, parameters: { ...options, details: true } })
      t.strictSame(detailed.map(({ details: _, ...event }) => event), plain)
      const pieces: string[] = []
      for (const [i, { text_output: text, details }] of detailed.slice(0, -1).entries()) {
        const { step, steps, changes } = details as { step: number, steps: number, changes: Array<{ position: number, text: string }> }
        t.strictSame([step, steps], [i + 1, 4])
        for (const { position, text } of changes) pieces[position] = text
        t.equal(pieces.join(''), text)
      }
      t.match(detailed.at(-1), { details: { seed: 5, steps: 4 } })
    })
  })
}

t.test('a stream parameter that contradicts the route is refused, with the route that it means', async (t) => {
  const body = (stream: boolean): object => ({ text_input: '', parameters: { stream } })
  t.match(await ask(url, '/models/tiny-text/generate', body(true)), {
    status: 400, body: { error: /post to generate_stream, or leave stream out$/ }
  })
  t.match(await ask(url, '/models/tiny-text/generate_stream', body(false)), {
    status: 400, body: { error: /post to generate, or leave stream out$/ }
  })
})

t.test('what is refused before a stream begins has a status of its own', async (t) => {
  t.match(await ask(url, '/models/tiny-text/generate_stream', { text_input: '', parameters: { max_tokens: 9999 } }), {
    status: 422, body: { error: /^max_tokens/ }
  })
})

t.test('a stream that fails ends with the sentence, and is counted and kept alive like any other', async (t) => {
  const server = await startTestServer({ sseKeepaliveMs: 1 })
  t.teardown(server.stop)
  const [worker = 0] = server.engine.workerPids
  process.kill(worker, 'SIGSTOP')
  const body = JSON.stringify({ text_input: '', parameters: { max_tokens: 4, steps: 2, deadline_ms: 50 } })
  const response = await fetch(`${server.url}/v2/models/tiny-text/generate_stream`, { method: 'POST', body })
  t.equal(response.status, 200)
  const text = await response.text()
  process.kill(worker, 'SIGCONT')
  t.match(text, /^(: keep-alive\n)+data: \{"error":"deadline_ms, 50, [^\n]*"\}\n\n$/)
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  t.match(metrics, /^fewstep_generations_total\{model="tiny-text",outcome="deadline_exceeded"\} 1$/m)
})

t.test('a client that leaves takes its generation with it', async (t) => {
  const leaving = new AbortController()
  const body = JSON.stringify({ text_input: '', parameters: { steps: 1024 } })
  const response = await fetch(`${url}/v2/models/tiny-text/generate_stream`, { method: 'POST', body, signal: leaving.signal })
  await until(() => server.engine.stats().generations === 1)
  leaving.abort()
  await t.rejects(response.text())
  await until(() => server.engine.stats().generations === 0)
})
