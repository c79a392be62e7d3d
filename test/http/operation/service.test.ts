import t from 'tap'
import { startTestServer } from '../../support/server.js'
import { failure, generate } from '../../support/client.js'

const server = await startTestServer()
t.teardown(server.stop)
const { url } = server

t.test('health tells who is alive and who is ready', async (t) => {
  t.same(await (await fetch(`${url}/health/live`)).json(), { status: 'live' })
  t.match(await (await fetch(`${url}/health/ready`)).json(), {
    status: 'ready', models: [{ model: 'tiny-text', execution_provider: 'cpu', workers: { ready: 1, total: 1 }, queued: 0, running: 0 }]
  })
})

t.test('the models are listed with what they can do', async (t) => {
  t.match(await (await fetch(`${url}/v1/models`)).json(), {
    object: 'list',
    data: [{
      id: 'tiny-text', object: 'model', owned_by: 'fewstep', source_distribution: 'mask', max_length: 64, defaults: { steps: 8 }, solvers: ['cumulative', 'euler', 'euler_exact']
    }]
  })
})

t.test('metrics count requests, tokens and steps', async (t) => {
  await generate(url, { max_tokens: 4, steps: 3, n: 2, template: undefined })
  await failure(url, { steps: 0 })
  const response = await fetch(`${url}/metrics`)
  const text = await response.text()
  t.match(response.headers.get('content-type'), /^text\/plain/)
  t.match(text, /^fewstep_http_requests_total\{method="POST",route="\/v1\/generate",status="200"\} 1$/m)
  t.match(text, /^fewstep_http_requests_total\{method="POST",route="\/v1\/generate",status="400"\} 1$/m)
  t.match(text, /^fewstep_network_calls_total\{model="tiny-text"\} 6$/m)
  t.match(text, /^fewstep_queued_rows\{model="tiny-text"\} 0$/m)
  t.match(text, /^fewstep_workers_ready\{model="tiny-text"\} 1$/m)
  t.match(text, /^fewstep_impossible_results_total\{model="tiny-text"\} 0$/m)
  t.match(text, /^fewstep_workers_replaced_total\{model="tiny-text"\} 0$/m)
  t.match(text, /^fewstep_step_rows_total\{model="tiny-text"\} 6$/m)
  t.match(text, /^fewstep_step_batches_total\{model="tiny-text"\} [3-6]$/m)
  t.match(text, /^fewstep_step_run_seconds_total\{model="tiny-text"\} 0\.\d+/m)
  t.match(text, /^fewstep_outputs_total\{model="tiny-text",steps_reason="full"\} 2$/m)
})

t.test('the reference is a page and a document', async (t) => {
  const page = await (await fetch(`${url}/docs/reference`)).text()
  t.match(page, /swagger-ui/)
  const scripts = [...page.matchAll(/src="([^"]+\.js)"/g)].map(([, path]) => new URL(path ?? '', `${url}/docs/reference/`))
  t.ok(scripts.length >= 2, 'the page brings its scripts')
  for (const script of scripts) t.equal((await fetch(script)).status, 200, script.pathname)
  t.match(await (await fetch(`${url}/openapi.json`)).json(), { openapi: '3.1.0', paths: { '/v1/generate': {} } })
})

t.test('an unknown path gets 404, a known one under another method 405', async (t) => {
  const missing = await fetch(`${url}/v3/nothing?secret=1`)
  t.equal(missing.status, 404)
  t.match(await missing.json(), { error: { code: 'not_found', message: /GET \/v3\/nothing;/ } })
  const wrong = await fetch(`${url}/v1/generate`)
  t.equal(wrong.status, 405)
  t.equal(wrong.headers.get('allow'), 'POST')
  t.match(await wrong.json(), { error: { code: 'method_not_allowed' } })
  const post = await fetch(`${url}/health/live`, { method: 'POST' })
  t.equal(post.status, 405)
  t.match(post.headers.get('allow'), /GET/)
  await post.text()
  t.match(await (await fetch(`${url}/%zz`)).json(), { error: { code: 'invalid_request', request_id: String } })
})

t.test('a request id is taken over, or made where there is none or a strange one', async (t) => {
  const id = async (headers: Record<string, string>): Promise<string | null> => {
    const response = await fetch(`${url}/nowhere`, { headers })
    t.match(await response.json(), { error: { request_id: response.headers.get('x-request-id') } })
    return response.headers.get('x-request-id')
  }
  t.equal(await id({ 'x-request-id': 'abc-123' }), 'abc-123')
  for (const headers of [{}, { 'x-request-id': 'a b' }, { 'x-request-id': 'x'.repeat(129) }]) t.match(await id(headers), /^[0-9a-f-]{36}$/)
})
