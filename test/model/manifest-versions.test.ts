/** Manifests of the past and the future. */
import t from 'tap'
import { endOfTextTokenIds, readManifest } from '../../src/model/manifest.js'
import { loadModel } from '../../src/model/model.js'
import { copyOf } from '../support/copy.js'
import { fixture } from '../support/engine.js'
import { edit, type Json } from '../support/model-folder.js'

async function message (reading: Promise<unknown>): Promise<string> {
  return await reading.then(() => 'it was read', (error: unknown) => (error as Error).message.replace(/^\S+: /, ''))
}

t.test('what was written before a field was thought of is read', async (t) => {
  t.equal((await loadModel(fixture('tiny-old'))).manifest.graph.version, 1)
  const folder = await copyOf('tiny-text')
  await edit(folder, 'manifest.json', (manifest) => {
    delete manifest['end_of_text_token_ids']
    delete (manifest['defaults'] as Json)['jumps']
  })
  const { manifest } = await loadModel(folder)
  t.same([...endOfTextTokenIds(manifest)], [manifest.end_of_text_token_id])
})

t.test('what a later version says more of a model is passed over', async (t) => {
  const folder = await copyOf('tiny-text', { languages: ['en'], licence: { name: 'x' } })
  await edit(folder, 'manifest.json', (manifest) => { Object.assign(manifest['graph'] as Json, { signed_by: 'somebody' }) })
  t.equal((await loadModel(folder)).manifest.name, 'tiny-text')
})

t.test('another format or kind of graph is refused in one sentence, whatever else is different', async (t) => {
  const strange = { algorithm: 'unheard-of', files: [], name: { en: 'x' } }
  const only = 'the only format that this version of fewstep reads'
  for (const format of [0, 2, 17, 1.5, '1', null]) {
    const shown = typeof format === 'string' ? '"1"' : String(format)
    t.match(await message(readManifest(await copyOf('tiny-text', { format_version: format, ...strange }))),
      new RegExp(`^format_version must be 1, ${only}, not "?${shown.replaceAll('"', '')}"?$`))
  }
  t.equal(await message(readManifest(await copyOf('tiny-text', { ...strange, format_version: undefined }))), 'format_version is missing')
  const graph = { ...(await readManifest(fixture('tiny-text'))).graph, version: 4 }
  t.match(await message(readManifest(await copyOf('tiny-text', { graph }))), /^graph\.version must be 1, 2 or 3, the kinds of graph that .* runs, not 4$/)
})
