/** Step sizes that a model's folder holds, asked for on every route. */
import t from 'tap'
import { Fewstep } from '../../../src/client/index.js'
import { failure, failureAt, generate, postTo } from '../../support/client.js'
import { copyOf } from '../../support/copy.js'
import { ask } from '../../support/kserve.js'
import { startTestServer, TINY_TEXT } from '../../support/server.js'

const SIZES = [0.05, 0.15, 0.2, 0.6]
const TUNED = await copyOf('tiny-text', {
  name: 'tiny-tuned',
  schedules: { 2: { step_sizes: [0.3, 0.7], clearly_better: true }, 4: { step_sizes: SIZES, clearly_better: false } }
})
const server = await startTestServer({ modelDirectories: [TUNED, TINY_TEXT] })
t.teardown(server.stop)
const { url } = server
const request = { prompt: 'Once', max_tokens: 30, seed: 7 }
const textOf = async (more: object): Promise<string | undefined> => (await generate(url, { ...request, ...more })).outputs[0]?.text
const listed = await textOf({ schedule: SIZES })

t.test('it is the text of its step sizes, by every route and by the client', async (t) => {
  t.not(listed, await textOf({ steps: 4 }), 'uniform steps write another one')
  const options = { steps: 4, schedule: 'tuned' as const }
  t.equal(await textOf(options), listed)
  const completion = await (await postTo(url, '/v1/completions', { model: 'tiny-tuned', ...request, ...options })).json() as { choices: unknown }
  t.match(completion.choices, [{ text: listed, steps: 4 }])
  const { max_tokens: tokens, seed } = request
  t.match(await ask(url, '/models/tiny-tuned/generate', { text_input: 'Once', parameters: { max_tokens: tokens, seed, ...options } }),
    { status: 200, body: { text_output: listed } })
  t.match(await new Fewstep({ baseURL: url }).generate({ ...request, ...options }), { outputs: [{ text: listed }] })
})

t.test('it is the default where the manifest says that it is clearly better, and nowhere else', async (t) => {
  t.equal(await textOf({ steps: 2 }), await textOf({ schedule: [0.3, 0.7] }))
  t.not(await textOf({ steps: 2 }), await textOf({ steps: 2, schedule: 'uniform' }))
  t.equal(await textOf({ steps: 4 }), await textOf({ steps: 4, schedule: 'uniform' }))
})

t.test('a model says which it has', async (t) => {
  const { data: [tuned, plain] } = await (await fetch(`${url}/v1/models`)).json() as { data: object[] }
  t.match(tuned, {
    schedules: ['uniform', 'geometric', 'tuned'],
    tuned_schedules: [{ steps: 2, step_sizes: [0.3, 0.7], default: true }, { steps: 4, step_sizes: SIZES, default: false }]
  })
  t.match(plain, { schedules: ['uniform', 'geometric'], tuned_schedules: undefined })
})

t.test('what a model does not have is refused by every route, with what to take', async (t) => {
  const says = { code: 'invalid_schedule', message: /^tiny-tuned has no tuned schedule of 8 steps: take 2, 4, or leave schedule out$/ }
  const body = { ...request, schedule: 'tuned' }
  t.match(await failure(url, body), { status: 422, field: 'schedule', ...says })
  t.match(await failureAt(url, '/v1/completions', { model: 'tiny-tuned', ...body }), { status: 400, param: 'schedule', message: says.message })
  t.match(await ask(url, '/models/tiny-tuned/generate', { text_input: 'Once', parameters: { schedule: 'tuned' } }),
    { status: 422, body: { error: /tiny-tuned has no tuned schedule of 8 steps/ } })
  t.match(await failure(url, { ...body, model: 'tiny-text' }), { status: 422, message: /^tiny-text has no tuned schedules: leave schedule out/ })
})
