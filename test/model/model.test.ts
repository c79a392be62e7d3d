import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { DEFAULT_MODEL } from '../../src/config.js'
import { loadModel } from '../../src/model/model.js'
import { copyOf } from '../support/copy.js'
import { fixture } from '../support/engine.js'

t.test('the embedded model opens', async (t) => {
  const { manifest, tokenizer } = await loadModel(DEFAULT_MODEL)
  t.equal(manifest.name, 'fewstep-stories')
  t.equal(manifest.algorithm, 'fs-dfm')
  t.equal(tokenizer.decode(tokenizer.encode('Once upon a time')), 'Once upon a time')
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0)
  t.ok(bytes <= 40e6, 'at most 40 MB')
})

t.test('a folder that is no model is refused with what a model needs', async (t) => {
  await t.rejects(loadModel('/nowhere/at/all'), { message: /manifest\.json.*holds manifest\.json, step\.onnx and tokenizer\.json/ })
})

t.test('a damaged file is named', async (t) => {
  const directory = await copyOf('tiny-text')
  await writeFile(join(directory, 'step.onnx'), 'damaged')
  await t.rejects(loadModel(directory), { message: /step\.onnx: sha256 is .* the manifest says/ })
})

t.test('a missing file is named', async (t) => {
  const directory = await copyOf('tiny-text')
  await rm(join(directory, 'tokenizer.json'))
  await t.rejects(loadModel(directory), { message: /tokenizer\.json/ })
})

t.test('a manifest that is wrong names the field', async (t) => {
  const directory = await copyOf('tiny-text', { vocab_size: 'many' })
  await t.rejects(loadModel(directory), { message: /vocab_size/ })
})

t.test('a manifest that contradicts itself is refused', async (t) => {
  const cases = [
    { changes: { algorithm: 'autoregressive' }, says: /algorithm.*fs-dfm.*dream/ },
    { changes: { mask_token_id: null }, says: /mask_token_id must be a token id/ },
    { changes: { algorithm: 'llada', source_distribution: 'uniform' }, says: /algorithm is llada, so source_distribution must be mask/ }
  ]
  for (const { changes, says } of cases) await t.rejects(loadModel(await copyOf('tiny-text', changes)), { message: says })
  t.equal((await loadModel(await copyOf('tiny-llada', { mask_token_id: 7 }))).manifest.mask_token_id, 7, 'a mask token may lie inside the vocabulary')
})

t.test('a manifest of a graph version that is not known is refused', async (t) => {
  const directory = await copyOf('tiny-text', { graph: { file: 'step.onnx', version: 99, opset: 20 } })
  await t.rejects(loadModel(directory), { message: /graph\/version/ })
})

t.test('a model without a tokenizer cannot serve text and says how to import it again', async (t) => {
  await t.rejects(loadModel(fixture('tiny-mask')), { message: /no tokenizer.*--tokenizer/ })
})
