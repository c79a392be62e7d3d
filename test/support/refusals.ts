/** Copies of a tiny model that are damaged one by one, and what their refusal says. */
import { execFile } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { loadModel } from '../../src/model/model.js'
import { copyOf } from './copy.js'
import type { FixtureName } from './engine.js'
import { edit, replace, type Json } from './model-folder.js'

export type Damage = (directory: string) => unknown
/** What is done to a copy, and what its refusal says after the name of the file. */
export type Case = readonly [damage: Damage, says: RegExp]
export type Cases = Readonly<Record<string, Case>>

/** Message, file and time of a refusal are the same promise for all. */
export function refuses (title: string, file: string, cases: Cases, model: FixtureName = 'tiny-text'): void {
  t.test(title, async (t) => {
    for (const [what, [damage, says]] of Object.entries(cases)) {
      const directory = await copyOf(model)
      await damage(directory)
      const message = await loadModel(directory).then(() => 'it was not refused', (error: unknown) => (error as Error).message)
      const start = `${join(directory, file)}: `
      t.equal(message.slice(0, start.length), start, `${what}: names the file`)
      t.match(message.slice(start.length), says, `${what}: says why`)
      t.match(message.slice(start.length), /^[^\p{C}\p{Zl}\p{Zp}]{1,500}$/u, `${what}: one printable sentence`)
      await rm(directory, { recursive: true, force: true })
    }
  })
}

export function manifest (change: (manifest: Json) => void): Damage {
  return (directory) => edit(directory, 'manifest.json', change)
}

/** @param path as in defaults.steps */
export function field (path: string, value: unknown): Damage {
  return manifest((json) => {
    const names = path.split('.')
    const last = names.pop() ?? ''
    const parent = names.reduce((object, name) => object[name] as Json, json)
    if (value === undefined) delete parent[last]
    else parent[last] = value
  })
}

const pipe = (file: string): Damage => async (directory) => {
  await rm(join(directory, file))
  await promisify(execFile)('mkfifo', [join(directory, file)])
}

const link = (file: string, target: string): Damage => async (directory) => {
  await rm(join(directory, file))
  await symlink(target, join(directory, file))
}

const folder = (file: string): Damage => async (directory) => {
  await rm(join(directory, file))
  await mkdir(join(directory, file))
}

export const text = (file: string, content: string | Uint8Array): Damage => (directory) => writeFile(join(directory, file), content)
export const vouchedFor = (file: string, content: string | Uint8Array): Damage => (directory) => replace(directory, file, content)

/** What a path may lead to that is no file to read. */
export function otherThings (file: string): Cases {
  return {
    [`a ${file} that is not there`]: [(directory) => rm(join(directory, file)), /^there is no such file/],
    [`a pipe as ${file}`]: [pipe(file), /^it is no file, but a pipe/],
    [`a folder as ${file}`]: [folder(file), /^it is no file, but a folder/],
    [`a device as ${file}`]: [link(file, '/dev/zero'), /^it is no file, but a device/],
    [`a link to itself as ${file}`]: [link(file, file), /^it is a link that leads back to itself/],
    [`a link to nothing as ${file}`]: [link(file, '../nothing'), /^there is no such file/]
  }
}
