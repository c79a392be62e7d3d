/** The programs of src/ as processes of their own: compiled where dist/ is fresh, which starts four times as fast as by tsx. */
import { fileURLToPath } from 'node:url'
import { isBuildFresh } from '../../scripts/fresh-build.js'

/** Once for a process, as its workers are chosen. */
const isFresh = isBuildFresh()

/**
 * @param name of a module of src/, such as `cli/main`
 * @returns the command that runs it, in any folder
 */
export function program (name: string): readonly [string, ...string[]] {
  const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
  if (isFresh) return [process.execPath, file(`dist/${name}.js`)]
  return [process.execPath, `--import=${import.meta.resolve('tsx')}`, file(`src/${name}.ts`)]
}
