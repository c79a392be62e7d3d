/** Templates with gaps of choices. */
import t from 'tap'
import type { Generation } from '../../../src/http/native/schemas/generation.js'
import type { Score } from '../../../src/http/score/schemas.js'
import { eventsOf, failure, generate, post, postTo } from '../../support/client.js'
import { fixture } from '../../support/engine.js'
import { startTestServer } from '../../support/server.js'

const server = await startTestServer({ modelDirectories: [fixture('tiny-text'), fixture('tiny-llada'), fixture('tiny-old')] })
t.teardown(server.stop)
const { url } = server

type Gaps = NonNullable<Generation['outputs'][number]['gaps']>

async function gapsOf (template: string, options: object = {}): Promise<{ text: string, gaps: Gaps, usage: Generation['usage'] }> {
  const { outputs: [output], usage } = await generate(url, { template, seed: 5, ...options })
  return { text: output?.text ?? '', gaps: output?.gaps ?? [], usage }
}

async function probabilities (template: string, model: string): Promise<Score['scores']> {
  return (await (await postTo(url, '/v1/score', { template, model, seed: 0 })).json() as Score).scores
}

const likeliest = (scores: ReadonlyArray<{ readonly text: string, readonly probability: number }>): string =>
  scores.reduce((best, each) => each.probability > best.probability ? each : best).text

for (const model of ['tiny-text', 'tiny-llada']) {
  t.test(`${model}: a gap takes the most probable of its texts, and the answer says how probable each is`, async (t) => {
    const template = 'The fox said good day to the [[wind|owl|lane]] again.'
    const { text, gaps: [gap, ...others], usage } = await gapsOf(template, { model })
    t.same(others, [])
    t.same(gap?.choices?.map(({ text: each }) => each), [' wind', ' owl', ' lane'])
    t.equal(gap?.text, likeliest(gap?.choices ?? []))
    t.equal(text, `The fox said good day to the${gap?.text} again.`)
    const scored = await probabilities(template, model)
    t.same(gap?.choices?.map(({ probability }) => probability), scored.map(({ probability }) => probability))
    t.match(usage, { scoring_calls: 96, network_calls: 1 }, 'nothing is left to be made')
  })

  t.test(`${model}: gaps are decided from left to right, then the others are filled in around them`, async (t) => {
    const { text, gaps } = await gapsOf('[[One|Every]] day the [[3]] went to the [[wood|old oak]].', { model, steps: 4 })
    t.same(gaps.map(({ choices }) => choices?.length), [2, undefined, 2])
    const [first, middle, last] = gaps.map(({ text: each }) => each)
    t.equal(text, `${first} day the${middle} went to the${last}.`)
    const second = await probabilities(`${first} day the [[3]] went to the [[wood|old oak]].`, model)
    t.same(gaps[2]?.choices?.map(({ probability }) => probability), second.map(({ probability }) => probability))
  })
}

t.test('all outputs of all seeds take the same choices', async (t) => {
  const template = 'The [[fox|owl]] said [[6]]'
  const several = (await generate(url, { template, n: 3, seed: 1, steps: 2 })).outputs
  t.equal(new Set(several.map(({ gaps }) => gaps?.[0]?.text)).size, 1)
  const alone = (await generate(url, { template, seed: 2, steps: 2 })).outputs[0]
  t.same({ ...several[1], index: 0 }, alone)
})

t.test('a stream goes as ever once they are decided', async (t) => {
  const template = 'The [[fox|owl]] said [[6]]'
  const response = await post(url, { template, seed: 1, steps: 3, stream: true })
  t.equal(response.status, 200)
  const events = []
  for await (const event of eventsOf(response)) events.push(event)
  t.same(events.map(({ event }) => event), ['step', 'step', 'step', 'done'])
  t.same((events.at(-1)?.data as Generation).outputs, (await generate(url, { template, seed: 1, steps: 3 })).outputs)
})

t.test('what cannot be decided is refused', async (t) => {
  t.match(await failure(url, { template: 'a [[b|]]' }), { status: 422, code: 'invalid_template', field: 'template' })
  t.match(await failure(url, { template: 'a [[b|c]] [[0]]' }), { status: 422, code: 'invalid_template', field: 'template' })
  t.match(await failure(url, { template: 'a [[b|c]]', model: 'tiny-old' }), { status: 422, code: 'not_supported', field: 'model' })
  t.match(await failure(url, { template: `[[b|${'c'.repeat(70)}]]` }), { status: 422, code: 'prompt_too_long', field: 'template' })
  t.match(await failure(url, { template: '[[b|c]]'.repeat(17) }), { status: 422, code: 'invalid_template', message: /more than 16 gaps of choices/ })
  t.match(await failure(url, { template: 'a [[b|c]]', prompt: 'a' }), { status: 400, code: 'invalid_request', field: 'template' })
  t.equal((await post(url, { template: 'a [[2]] b | c', model: 'tiny-old' })).status, 200, 'a bar elsewhere is text')
})
