import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { contentHash } from '../../src/model/content-hash.js'
import { copyOf } from '../support/copy.js'
import { edit } from '../support/model-folder.js'

t.test('the hash of a folder changes with its manifest and with what that does not list', async (t) => {
  const folder = await copyOf('tiny-text')
  const hashes = [await contentHash(folder)]
  t.equal(await contentHash(folder), hashes[0])
  await edit(folder, 'manifest.json', (manifest) => { manifest['parameters'] = 1 })
  hashes.push(await contentHash(folder))
  await writeFile(join(folder, 'chat_template.jinja'), '{{ 1 }}')
  hashes.push(await contentHash(folder))
  await writeFile(join(folder, 'tokenizer_config.json'), '{}')
  hashes.push(await contentHash(folder))
  t.equal(new Set(hashes).size, 4)
  await t.rejects(contentHash('/nowhere'), { message: /manifest\.json/ })
})
