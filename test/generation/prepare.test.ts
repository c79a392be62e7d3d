import t from 'tap'
import { MAX_SEED, prepare } from '../../src/generation/index.js'
import { loadModel } from '../../src/model/model.js'
import { fixture } from '../support/engine.js'
import { TINY_TEXT } from '../support/server.js'

const model = await loadModel(TINY_TEXT)
const { max_length: maxLength } = model.manifest

t.test('what is left out takes the model\'s defaults', async (t) => {
  const { engineRequest, layout } = prepare(model, {})
  t.equal(engineRequest.rows.length, 1)
  t.same(engineRequest.budget, { kind: 'exact', stepSizes: new Float64Array(model.manifest.defaults.steps).fill(1 / model.manifest.defaults.steps) })
  t.equal(engineRequest.stableBelow, undefined)
  t.equal(layout.promptTokens, 0)
  t.equal(layout.canvas.tokens.length, maxLength, 'free generation fills a canvas of up to 128 tokens')
  t.ok(layout.canvas.editable.every((flag) => flag === 1))
})

t.test('a prompt is frozen and the rest is editable', async (t) => {
  const { layout } = prepare(model, { prompt: 'The cat', maxTokens: 3 })
  const given = model.tokenizer.encode('The cat')
  t.same([...layout.canvas.tokens.subarray(0, given.length)], given)
  t.same([...layout.canvas.editable], [...given.map(() => 0), 1, 1, 1])
})

t.test('a template freezes its text and opens its gaps', async (t) => {
  const { layout } = prepare(model, { template: 'a[[2]]b' })
  t.same([...layout.canvas.editable], [0, 1, 1, 0])
  t.equal(layout.promptTokens, 2)
})

t.test('output i is drawn with seed + i, and no seed passes the largest', async (t) => {
  t.same(prepare(model, { seed: 5, n: 3 }).engineRequest.rows.map(({ seed }) => seed), [5, 6, 7])
  t.equal(prepare(model, { seed: MAX_SEED - 2, n: 3 }).engineRequest.rows.at(-1)?.seed, MAX_SEED)
  t.throws(() => prepare(model, { seed: MAX_SEED - 1, n: 3 }), { code: 'invalid_request', field: 'seed' })
})

t.test('a list of step sizes says how many steps there are', async (t) => {
  const budget = { kind: 'exact', stepSizes: Float64Array.of(0.5, 0.25, 0.25) }
  t.same(prepare(model, { schedule: [0.5, 0.25, 0.25] }).engineRequest.budget, budget)
  t.same(prepare(model, { schedule: [0.5, 0.25, 0.25], steps: 3 }).engineRequest.budget, budget)
})

t.test('steps with min and max are an elastic budget', async (t) => {
  t.same(prepare(model, { steps: { min: 4, max: 32 } }).engineRequest.budget, { kind: 'elastic', min: 4, max: 32 })
  t.same(prepare(model, { steps: { min: 4, max: 4 }, schedule: 'uniform' }).engineRequest.budget, { kind: 'elastic', min: 4, max: 4 })
})

t.test('what cannot be met is refused and names the field', async (t) => {
  const long = 'the cat sat on a mat. '.repeat(20)
  const cases = [
    { request: { prompt: long }, code: 'prompt_too_long', field: 'prompt' },
    { request: { prompt: 'x'.repeat(10_000_000) }, code: 'prompt_too_long', field: 'prompt' },
    { request: { prompt: 'The', maxTokens: maxLength }, code: 'prompt_too_long', field: 'max_tokens' },
    { request: { template: `${long}[[1]]` }, code: 'prompt_too_long', field: 'template' },
    { request: { template: `[[${maxLength}]][[1]]` }, code: 'prompt_too_long', field: 'template' },
    { request: { template: 'no gap' }, code: 'invalid_template', field: 'template' },
    { request: { template: '[[1]]', prompt: '' }, code: 'invalid_request', field: 'template' },
    { request: { template: '[[1]]', maxTokens: 1 }, code: 'invalid_request', field: 'max_tokens' },
    { request: { steps: { min: 5, max: 4 } }, code: 'invalid_schedule', field: 'steps' },
    { request: { steps: { min: 1, max: 4 }, schedule: [0.5, 0.5] }, code: 'invalid_schedule', field: 'schedule' },
    { request: { steps: { min: 1, max: 4 }, schedule: 'geometric' as const }, code: 'invalid_schedule', field: 'schedule' },
    { request: { solver: 'euler' as const, jumps: 'spread' as const }, code: 'invalid_jumps', field: 'jumps' },
    { request: { schedule: [0.5, 0.5, 1e-17] }, code: 'invalid_schedule', statusCode: 422, field: 'schedule', message: /schedule\[2\] is 1e-17, too small/ },
    { request: { schedule: [0.5, 0.4] }, code: 'invalid_schedule', field: 'schedule' },
    { request: { schedule: [0.5, 0.5], steps: 3 }, code: 'invalid_schedule', field: 'schedule' }
  ]
  for (const { request, ...expected } of cases) t.throws(() => prepare(model, request), expected, JSON.stringify(expected))
})

t.test('masked diffusion has no solver to choose', async (t) => {
  for (const name of ['tiny-llada', 'tiny-dream'] as const) {
    const masked = await loadModel(fixture(name))
    t.throws(() => prepare(masked, { solver: 'euler' }), { code: 'invalid_solver', statusCode: 422, field: 'solver', message: new RegExp(name) })
    t.throws(() => prepare(masked, { jumps: 'spread' }), { code: 'invalid_jumps', statusCode: 422, field: 'jumps', message: new RegExp(name) })
    t.equal(prepare(masked, {}).engineRequest.rows.length, 1)
  }
})

t.test('jumps are spread where the model or the request says so and the solver can', async (t) => {
  const spreading = { ...model, manifest: { ...model.manifest, defaults: { ...model.manifest.defaults, jumps: 'spread' as const } } }
  const jumps = (...[of, request]: Parameters<typeof prepare>): string => prepare(of, request).engineRequest.sampling.jumps
  t.equal(jumps(model, {}), 'independent')
  t.equal(jumps(model, { jumps: 'spread' }), 'spread')
  t.equal(jumps(spreading, {}), 'spread')
  t.equal(jumps(spreading, { jumps: 'independent' }), 'independent')
  t.equal(jumps(spreading, { solver: 'euler_exact' }), 'independent')
})
