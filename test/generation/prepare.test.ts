import t from 'tap'
import { MAX_SEED, prepare } from '../../src/generation/index.js'
import { loadModel } from '../../src/model/model.js'
import type { Tokenizer } from '../../src/model/tokenizer.js'
import { fixture } from '../support/engine.js'
import { TINY_TEXT } from '../support/server.js'

const model = await loadModel(TINY_TEXT)

/** A tokenizer that counts what it is given and what it makes of it. */
class ReadBytes {
  bytes = 0
  tokens = 0
  readonly tokenizer: Tokenizer

  constructor (real: Tokenizer) {
    const encode: Tokenizer['encode'] = (text, options) => {
      this.bytes += Buffer.byteLength(text)
      const made = real.encode(text, options)
      this.tokens += made.length
      return made
    }
    this.tokenizer = new Proxy(real, { get: (_, name) => name === 'encode' ? encode : Reflect.get(real, name, real) as unknown })
  }
}

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

t.test('a space at the end of given text is left to what is made after it, in a prompt as before a gap', async (t) => {
  const tokens = (text: string): number[] => [...prepare(model, { prompt: text, maxTokens: 2 }).layout.canvas.tokens]
  t.same(tokens('a '), [...prepare(model, { template: 'a [[2]]' }).layout.canvas.tokens])
  t.same(tokens('a  '), [...prepare(model, { template: 'a  [[2]]' }).layout.canvas.tokens])
  t.equal(prepare(model, { prompt: ' ' }).layout.promptTokens, 0)
})

t.test('what is spelt like a special token is text, unless it is allowed to be one', async (t) => {
  const end = model.manifest.end_of_text_token_id
  for (const texts of [{ prompt: 'a<|endoftext|>b', maxTokens: 1 }, { template: 'a<|endoftext|>b[[1]]' }]) {
    const given = (allowSpecial: boolean | undefined): number[] => {
      const { canvas, promptTokens } = prepare(model, { ...texts, allowSpecial }).layout
      return [...canvas.tokens.subarray(0, promptTokens)]
    }
    for (const allowed of [undefined, false]) {
      t.notOk(given(allowed).some((token) => token === end))
      t.equal(model.tokenizer.decode(given(allowed)), 'a<|endoftext|>b')
    }
    t.same(given(true), [...model.tokenizer.encode('a'), end, ...model.tokenizer.encode('b')])
  }
})

t.test('what a text that is too long is tokenised for is bounded by the canvas, and a near miss is told exactly', async (t) => {
  const wide = { ...model, manifest: { ...model.manifest, max_length: 4096 } }
  for (const narrowOrWide of [model, wide]) {
    const { max_length: canvas } = narrowOrWide.manifest
    const texts = {
      'one long word': 'grandmother'.repeat(100_000),
      'many words': 'a1'.repeat(500_000),
      marks: 'e\u0301\u0316'.repeat(200_000),
      spaces: ' '.repeat(1_000_000),
      'long texts between gaps': `${'x'.repeat(16_000)}[[1]]`.repeat(60),
      'short texts between gaps': 'a[[1]]'.repeat(170_000),
      'gaps that fill the canvas': `[[${canvas}]]`.repeat(140_000),
      'gaps of one': '[[1]]'.repeat(200_000),
      'empty words': 'the '.repeat(canvas * 3)
    }
    for (const [name, text] of Object.entries(texts)) {
      for (const field of ['prompt', 'template'] as const) {
        const read = new ReadBytes(narrowOrWide.tokenizer)
        const watched = { ...narrowOrWide, tokenizer: read.tokenizer }
        t.throws(() => prepare(watched, { [field]: field === 'prompt' ? text : `${text}[[1]]` }), { code: 'prompt_too_long', field }, `${name} as ${field}`)
        t.ok(read.bytes <= 16 * canvas, `${name} as ${field}: ${read.bytes} bytes reach the tokenizer`)
        t.ok(read.tokens <= 3 * canvas, `${name} as ${field}: ${read.tokens} tokens are made`)
      }
    }
  }
  const { length } = model.tokenizer.encode('The fox '.repeat(25).trimEnd())
  t.ok(length > maxLength && length < 2 * maxLength)
  t.throws(() => prepare(model, { prompt: 'The fox '.repeat(25) }), { message: new RegExp(`^prompt has ${length} tokens`) })
  t.throws(() => prepare(model, { prompt: 'a1'.repeat(200) }), { message: /^prompt has more than 128 tokens/ })
  t.throws(() => prepare(model, { prompt: 'a1'.repeat(2000) }), { message: /^prompt has more than 1024 bytes/ })
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

const EARLY = [0.1, 0.2, 0.3, 0.4]
const LATE = [0.7, 0.3]
const tuned = {
  ...model,
  manifest: {
    ...model.manifest,
    schedules: { 4: { step_sizes: EARLY, clearly_better: true }, 2: { step_sizes: LATE, clearly_better: false } }
  }
}

t.test('a tuned schedule is the step sizes that the manifest has for so many steps', async (t) => {
  const sizesOf = (request: object): readonly number[] => {
    const { budget } = prepare(tuned, request).engineRequest
    return budget.kind === 'exact' ? [...budget.stepSizes] : []
  }
  t.same(sizesOf({ schedule: 'tuned', steps: 4 }), EARLY)
  t.same(sizesOf({ schedule: 'tuned', steps: 2 }), LATE)
  t.same(sizesOf({ schedule: 'tuned', steps: 2, solver: 'euler' }), LATE, 'whoever asks for it gets it')
  t.same(sizesOf({ steps: 2 }), [0.5, 0.5], 'no default where it is not clearly better')
  t.same(sizesOf({ steps: 4 }), EARLY, 'where it is, it is')
  t.same(sizesOf({ steps: 3 }), [1 / 3, 1 / 3, 1 / 3])
  for (const other of [{ schedule: 'uniform' }, { solver: 'euler' }, { jumps: 'spread' }]) {
    t.same(sizesOf({ steps: 4, ...other }), [0.25, 0.25, 0.25, 0.25], `it was not searched for with ${JSON.stringify(other)}`)
  }
})

t.test('sizes that sum to 1 nearly are scaled to sum to 1', async (t) => {
  const third = { step_sizes: [0.33333, 0.33333, 0.33333], clearly_better: true }
  const rounded = { ...tuned, manifest: { ...tuned.manifest, schedules: { 3: third } } }
  t.same(prepare(rounded, { steps: 3 }).engineRequest.budget, { kind: 'exact', stepSizes: new Float64Array(3).fill(0.33333 / (0.33333 + 0.33333 + 0.33333)) })
})

t.test('a tuned schedule that the model does not have is refused, with what it has', async (t) => {
  const refused = { code: 'invalid_schedule', statusCode: 422, field: 'schedule' }
  t.throws(() => prepare(model, { schedule: 'tuned' }), { ...refused, message: /^tiny-text has no tuned schedules: leave schedule out, or / })
  t.throws(() => prepare(tuned, { schedule: 'tuned', steps: 3 }), { ...refused, message: /^tiny-text has no tuned schedule of 3 steps: take 2, 4, or leave schedule out$/ })
  t.throws(() => prepare(tuned, { schedule: 'tuned' }), { ...refused, message: /no tuned schedule of 8 steps/ })
  t.throws(() => prepare(tuned, { schedule: 'tuned', steps: { min: 2, max: 4 } }), { ...refused, message: /sizes its steps as it goes/ })
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
    { request: { prompt: 'The', maxTokens: 8193 }, code: 'prompt_too_long', field: 'max_tokens' },
    { request: { prompt: 'The', suffix: 'cat', maxTokens: maxLength }, code: 'prompt_too_long', field: 'max_tokens' },
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

t.test('only masked diffusion reveals what it is sure of', async (t) => {
  const refused = { code: 'invalid_reveal_above', statusCode: 422, field: 'reveal_above' }
  t.throws(() => prepare(model, { revealAbove: 0.9 }), { ...refused, message: /fs-dfm/ })
  const masked = await loadModel(fixture('tiny-llada'))
  t.equal(prepare(masked, { revealAbove: 0.9 }).engineRequest.sampling.revealAbove, 0.9)
  const older = { ...masked, manifest: { ...masked.manifest, graph: { ...masked.manifest.graph, version: 2 as const } } }
  t.throws(() => prepare(older, { revealAbove: 0.9 }), { ...refused, message: /export the model again/ })
  t.equal(prepare(older, {}).engineRequest.sampling.revealAbove, undefined)
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
