/** Which folders an admin may have loaded. */
import { mkdir, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { AllowedFolders } from '../../src/loaded-models/allowed-folders.js'
import { fixture } from '../support/engine.js'
import { ModelRoot } from '../support/model-root.js'

const root = await ModelRoot.create()
t.teardown(() => rm(root.path, { recursive: true }))
await mkdir(root.folder('models/team'), { recursive: true })
for (const folder of ['models/a', 'models/team/b', 'elsewhere/c']) await mkdir(root.folder(folder), { recursive: true })
await symlink(root.folder('elsewhere/c'), root.folder('models/out'))
await symlink('a', root.folder('models/in'))

async function outcome (folders: AllowedFolders, folder: string): Promise<string> {
  return await folders.resolve(folder).catch((error: unknown) => (error as { code: string }).code)
}

t.test('those below the parents of the named ones, as paths or relative to them', async (t) => {
  const folders = new AllowedFolders([root.folder('models/a')], [])
  t.same(folders.roots, [root.folder('models')])
  const cases = {
    a: root.folder('models/a'),
    'team/b': root.folder('models/team/b'),
    in: root.folder('models/in'),
    [root.folder('models/team/b')]: root.folder('models/team/b'),
    'a/../team/b': root.folder('models/team/b'),
    nothing: 'model_refused',
    'a/manifest.json/x': 'model_refused',
    out: 'forbidden',
    '.': 'forbidden',
    '..': 'forbidden',
    '../elsewhere/c': 'forbidden',
    'a/../../elsewhere/c': 'forbidden',
    [root.folder('elsewhere/c')]: 'forbidden',
    [root.folder('modelsandmore')]: 'forbidden',
    '/': 'forbidden',
    '/etc': 'forbidden'
  }
  for (const [folder, expected] of Object.entries(cases)) t.equal(await outcome(folders, folder), expected, folder)
})

t.test('those below the roots that are set, and those that are named, links too', async (t) => {
  const folders = new AllowedFolders([root.folder('models/out')], [root.folder('elsewhere'), root.folder('models/team')])
  t.equal(await outcome(folders, 'c'), root.folder('elsewhere/c'))
  t.equal(await outcome(folders, 'b'), root.folder('models/team/b'))
  t.equal(await outcome(folders, root.folder('models/out')), root.folder('models/out'))
  t.equal(await outcome(folders, root.folder('models/a')), 'forbidden')
})

t.test('of a model right below the root of all folders only itself', async (t) => {
  const folders = new AllowedFolders(['/mine'], [])
  t.same(folders.roots, [])
  t.equal(await outcome(folders, '/etc'), 'forbidden')
  t.equal(await outcome(folders, 'etc'), 'forbidden')
  t.equal(await outcome(folders, '/mine'), 'model_refused', 'which is not there')
})

t.test('models are found by their names', async (t) => {
  const folders = new AllowedFolders([fixture('tiny-text')], [])
  t.equal((await folders.models()).get('tiny-llada'), join(dirname(fixture('tiny-text')), 'tiny-llada'))
  t.same([...await new AllowedFolders(['/nowhere/x'], []).models()], [])
})
