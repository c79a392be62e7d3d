import t from 'tap'
import { failure, generate, post } from '../../support/client.js'
import { startTestServer } from '../../support/server.js'
import { until } from '../../support/until.js'

t.test('the log tells sizes and times of a request, and never its text', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const secret = 'Rumpelstiltskin'
  const { outputs: [output] } = await generate(server.url, { prompt: secret, max_tokens: 20, seed: 2 })
  await (await post(server.url, { template: `${secret}[[4]]`, stop: secret, stream: true })).text()
  await failure(server.url, { prompt: secret.repeat(100) })
  await failure(server.url, { steps: 0, prompt: secret })
  await failure(server.url, `{"prompt": "${secret}`)
  await (await fetch(`${server.url}/v1/generate?prompt=${secret}`, { method: 'POST', headers: { 'x-request-id': 'mine' } })).text()
  const lines = (): Array<Record<string, unknown>> => server.log.filter(({ route }) => route === '/v1/generate')
  await until(() => lines().length === 6)
  const text = JSON.stringify(server.log)
  t.notOk(text.includes(secret))
  t.notOk(text.includes(JSON.stringify(output?.text).slice(1, -1)))
  t.match(lines()[0], {
    msg: 'request',
    method: 'POST',
    status: 200,
    model: 'tiny-text',
    request_id: String,
    duration_ms: Number,
    prompt_tokens: Number,
    n: 1,
    steps: 8,
    stream: false,
    queue_ms: Number,
    compute_ms: Number,
    total_ms: Number
  })
  t.match(lines()[1], { status: 200, stream: true })
  t.match(lines()[2], { status: 422, error: 'prompt_too_long' })
  t.match(lines()[5], { request_id: 'mine' })
})
