import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadChecked, type FileHashes } from '../../src/engine/checked-files.js'

function sha256 (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Two files of a model, and what their hashes should be. */
async function model (t: Test): Promise<{ graph: string, weights: string, hashes: FileHashes }> {
  const folder = await mkdtemp(join(tmpdir(), 'fewstep-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const [graph, weights] = [join(folder, 'step.onnx'), join(folder, 'step.onnx.data')]
  await writeFile(graph, 'a graph')
  await writeFile(weights, 'its weights')
  return { graph, weights, hashes: { [graph]: sha256('a graph'), [weights]: sha256('its weights') } }
}

const loads = async (): Promise<string> => 'loaded'

t.test('files that are what they should be are loaded', async (t) => {
  t.equal(await loadChecked((await model(t)).hashes, loads), 'loaded')
})

t.test('a file that is another one is named, and nothing is loaded', async (t) => {
  for (const changed of ['graph', 'weights'] as const) {
    const { hashes, ...files } = await model(t)
    await writeFile(files[changed], 'another')
    const loading = loadChecked(hashes, async () => { t.fail('it was loaded') })
    await t.rejects(loading, { message: new RegExp(`^${files[changed]} is not the file that was checked: .*${sha256('another')}`) })
  }
})

t.test('a file that is changed while it is loaded is not trusted', async (t) => {
  const { graph, weights, hashes } = await model(t)
  const meddling = {
    'written to': async () => { await writeFile(weights, 'its weights') },
    replaced: async () => {
      await writeFile(`${graph}.new`, 'a graph')
      await rename(`${graph}.new`, graph)
    },
    removed: async () => { await rm(graph) }
  }
  for (const [how, meddle] of Object.entries(meddling)) {
    await t.rejects(loadChecked(hashes, meddle), { message: /was changed while it was loaded|cannot be read/ }, how)
  }
})

t.test('what is no file, or not there, is named', async (t) => {
  const { graph, hashes } = await model(t)
  await rm(graph)
  await t.rejects(loadChecked(hashes, loads), { message: new RegExp(`^${graph} cannot be read: ENOENT`) })
  await mkdir(graph)
  await t.rejects(loadChecked(hashes, loads), { message: new RegExp(`^${graph} is no regular file`) })
})

t.test('what loading throws is thrown', async (t) => {
  const { hashes } = await model(t)
  await t.rejects(loadChecked(hashes, async () => { throw new Error('no graph') }), { message: 'no graph' })
})
