/** A graph is tried before its model is called ready: what contradicts the manifest in what it does is refused. */
import { dirname, join } from 'node:path'
import t from 'tap'
import { DEFAULT_MODEL } from '../../src/config.js'
import type { Engine } from '../../src/engine/engine.js'
import { brokenLaw, brokenScore, type StepTaken } from '../../src/engine/step-law.js'
import { readManifest, type Manifest } from '../../src/model/manifest.js'
import { copyOf } from '../support/copy.js'
import { fixture, startEngine, type FixtureName } from '../support/engine.js'
import { editGraph, withDoubledTokens } from '../support/model-folder.js'
import { workersOf } from '../support/processes.js'

const FIXTURES: readonly FixtureName[] = ['tiny-text', 'tiny-mask', 'tiny-uniform', 'tiny-llada', 'tiny-dream', 'tiny-faulty', 'tiny-old']
const EMBEDDED = ['fewstep-stories', 'fewstep-stories-dfm', 'fewstep-stories-llada', 'fewstep-stories-dream']

async function start (directory: string): Promise<Engine> {
  return await startEngine('tiny-text', { model: { directory, manifest: await readManifest(directory) } })
}

t.test('models that do what their manifest says pass, and no step of theirs is counted', async (t) => {
  for (const directory of [...FIXTURES.map(fixture), ...EMBEDDED.map((name) => join(dirname(DEFAULT_MODEL), name))]) {
    const engine = await start(directory)
    t.equal(engine.stats().steps.batches, 0)
    await engine.close()
  }
})

t.test('so does one with a canvas of one token, with the mask inside its vocabulary, and with whatever defaults', async () => {
  const { defaults, vocab_size: size } = await readManifest(fixture('tiny-text'))
  const defaultsOf = (changes: Partial<Manifest['defaults']>): object => ({ defaults: { ...defaults, ...changes } })
  const sampling = [{ temperature: 0 }, { top_k: 3, top_p: 0.5 }, { solver: 'euler' as const }]
  for (const change of [{ max_length: 1 }, { vocab_size: size + 1 }, ...sampling.map(defaultsOf)]) {
    const engine = await start(await copyOf('tiny-text', change))
    await engine.close()
  }
})

function jumpsOtherwise (algorithm: string, exponent: number): RegExp {
  return new RegExp(`lets other positions jump than by algorithm ${algorithm} with exponent ${exponent} in the manifest;`)
}

const CONTRADICTIONS: Readonly<Record<string, readonly [FixtureName, object, RegExp]>> = {
  'a mask beyond the embedding': ['tiny-text', { vocab_size: 400, mask_token_id: 400 }, /on a canvas of 32 tokens fails: .*/],
  'a smaller vocabulary': ['tiny-text', { vocab_size: 8, mask_token_id: 8 }, /makes token \d+, but vocab_size in the manifest is 8;/],
  'another mask': ['tiny-llada', { mask_token_id: 7 }, /reveals \d+ of 31 masks, .* which reveals 16;/],
  'masked diffusion, where it is flow matching': ['tiny-text', { algorithm: 'llada' },
    /from t = 0 to 0.5 reveals \d of 31 masks, but algorithm in the manifest is llada, which reveals 16;/],
  'flow matching, where it is masked diffusion': ['tiny-llada', { algorithm: 'fs-dfm' }, jumpsOtherwise('fs-dfm', 1)],
  'a larger exponent': ['tiny-text', { exponent: 3 }, jumpsOtherwise('fs-dfm', 3)],
  'a smaller exponent': ['tiny-text', { exponent: 0.2 }, jumpsOtherwise('fs-dfm', 0.2)]
}

for (const [what, [name, changes, says]] of Object.entries(CONTRADICTIONS)) {
  t.test(`a manifest that says ${what} is refused`, async (t) => {
    const directory = await copyOf(name, changes)
    const message = await start(directory).then(() => 'it was not refused', (error: unknown) => (error as Error).message)
    const begin = `${join(directory, 'step.onnx')}: a trial step `
    t.equal(message.slice(0, begin.length), begin)
    t.match(message, says)
    t.match(message, /; export the model again, or put back the manifest that it was exported with$/)
    t.match(message, /^\P{C}{1,700}$/u, 'one printable sentence')
    t.same(await workersOf(process.pid), [])
  })
}

t.test('a graph whose output has another shape is refused', async (t) => {
  const directory = await copyOf('tiny-text')
  await editGraph(directory, withDoubledTokens)
  const says = /step\.onnx: a trial step on a canvas of 32 tokens fails: its output next_tokens has the shape \[2, 64\], not \[2, 32\];/
  await t.rejects(start(directory), { message: says })
})

t.test('a graph that ONNX Runtime cannot load is refused', async (t) => {
  const directory = await copyOf('tiny-text')
  await editGraph(directory, (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('RotaryEmbedding', 'RotaryEmbeddinG'), 'latin1'))
  await t.rejects(start(directory), { message: /RotaryEmbeddinG/ })
})

/** Flow matching from a mask, 4: two positions jump, one stays, and one is given. */
const LAWFUL: StepTaken = {
  tokens: Int32Array.of(3, 4, 4, 4),
  editable: Uint8Array.of(0, 1, 1, 1),
  t: 0,
  h: 0.5,
  next: Int32Array.of(3, 0, 1, 4),
  confidence: Float32Array.of(0.2, 0.5, 1, 0),
  jumpNoise: Float32Array.of(0.1, 0.2, 0.3, 0.7)
}
const LAW = { algorithm: 'dfm', vocab_size: 4, mask_token_id: 4, exponent: 1 } as const

t.test('what a step may not do', async (t) => {
  t.equal(brokenLaw(LAWFUL, LAW), undefined)
  const cases: ReadonlyArray<readonly [Partial<StepTaken>, Partial<Parameters<typeof brokenLaw>[1]>, RegExp]> = [
    [{ next: Int32Array.of(2, 0, 1, 4) }, {}, /^changes a token that is given$/],
    [{ next: Int32Array.of(3, -1, 1, 4) }, {}, /^makes token -1/],
    [{ confidence: Float32Array.of(0.2, NaN, 1, 0) }, {}, /^has a confidence of NaN, which is no probability$/],
    [{ confidence: Float32Array.of(0.2, 0.5, 1.5, 0) }, {}, /^has a confidence of 1.5/],
    [{ confidence: Float32Array.of(0.2, -1, 1, 0) }, {}, /^has a confidence of -1/],
    [{ next: Int32Array.of(3, 0, 1, 2) }, {}, /^lets other positions jump/],
    [{ next: Int32Array.of(3, 0, 4, 4), confidence: Float32Array.of(0.2, 0.5, 0, 0) }, {}, /^lets other positions jump/],
    [{ t: 0.5 }, {}, /^to t = 1 leaves token 4, which is mask_token_id in the manifest$/],
    [{ next: Int32Array.of(3, 0, 4, 4) }, { algorithm: 'dream' }, /^from t = 0 to 0.5 reveals 1 of 3 masks, .* dream, which reveals 2$/],
    [{ tokens: Int32Array.of(3, 2, 4, 4), next: Int32Array.of(3, 0, 1, 4) }, { algorithm: 'llada' }, /^changes a token that is no mask/]
  ]
  for (const [step, law, says] of cases) t.match(brokenLaw({ ...LAWFUL, ...step }, { ...LAW, ...law }), says)
})

t.test('what it says of given tokens must be the same twice', async (t) => {
  const confidence = Float32Array.of(0.5, 0, 1)
  t.equal(brokenScore({ confidence, logprob: Float32Array.of(Math.log(0.5), Math.log(1e-37), 0) }), undefined)
  for (const logprob of [Float32Array.of(0.5, -85.19, 0), Float32Array.of(Math.log(0.5), -Infinity, 0), Float32Array.of(NaN, -85.19, 0)]) {
    t.match(brokenScore({ confidence, logprob }), /^gives a token the logarithm of its probability as /)
  }
})
