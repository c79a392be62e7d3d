import t from 'tap'
import { DEFAULT_MODEL } from '../../src/config.js'
import { readManifest } from '../../src/model/manifest.js'
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

t.test('a mask token may lie inside the vocabulary', async (t) => {
  t.equal((await readManifest(await copyOf('tiny-llada', { mask_token_id: 7 }))).mask_token_id, 7)
})

t.test('a model without a tokenizer cannot serve text and says how to import it again', async (t) => {
  await t.rejects(loadModel(fixture('tiny-mask')), { message: /no tokenizer.*--tokenizer/ })
})
