/** Files that `npm run build` made; they are not there where src/ runs as it is. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import type { PageFiles } from './bundle.js'

const DIST = new URL('../../', import.meta.url)

/** @returns what lies in that folder of dist/, or else what is made now */
export async function builtOr (folder: 'page' | 'docs', make: () => Promise<PageFiles>): Promise<PageFiles> {
  const built = new URL(`${folder}/`, DIST)
  if (!existsSync(built)) return await make()
  const names = await readdir(built)
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, built))] as const)))
}
