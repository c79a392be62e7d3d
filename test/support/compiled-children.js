/**
 * Preloaded by tests (.taprc): workers that the code under test forks are the compiled ones where dist/ is fresh, without what loads
 * TypeScript and without tap's own hooks. A worker then takes a quarter of the time to start, and tests start hundreds of them.
 */
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isBuildFresh } from '../../scripts/fresh-build.js'

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url))
const COMPILED = fileURLToPath(new URL('../../dist/', import.meta.url))

if (isBuildFresh()) {
  const { fork } = childProcess
  childProcess.fork = (file, args, options) => {
    if (!file.startsWith(SOURCE)) return fork(file, args, options)
    const execArgv = options.execArgv.filter((argument) => !argument.startsWith('--import'))
    return fork(file.replace(SOURCE, COMPILED).replace(/\.ts$/, '.js'), args, { ...options, execArgv })
  }
  syncBuiltinESMExports()
}
