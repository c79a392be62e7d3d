/** Copies of the tiny models, to be changed. */
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fixture, type FixtureName } from './engine.js'

/** @param changes to its manifest */
export async function copyOf (name: FixtureName, changes: object = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fewstep-'))
  await cp(fixture(name), directory, { recursive: true })
  const file = join(directory, 'manifest.json')
  const manifest = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...manifest, ...changes }))
  return directory
}
