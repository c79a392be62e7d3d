/**
 * Preloaded by tests (.taprc): workers that the code under test forks are the compiled ones where dist/ is fresh, without what loads
 * TypeScript, and no process that a test starts loads what tap would have in it to measure coverage. A worker then takes a quarter of
 * the time to start, and tests start hundreds of them.
 */
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'
import processOnSpawn from 'process-on-spawn'
import { isBuildFresh } from '../../scripts/fresh-build.js'

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url))
const COMPILED = fileURLToPath(new URL('../../dist/', import.meta.url))

processOnSpawn.removeAllListeners()
process.env.NODE_OPTIONS = process.env.NODE_OPTIONS?.replace(/"--import=[^"]*@tapjs\/processinfo[^"]*"/, '') ?? ''

if (isBuildFresh()) {
  const { fork } = childProcess
  childProcess.fork = (file, args, options) => {
    if (!file.startsWith(SOURCE)) return fork(file, args, options)
    const execArgv = options.execArgv.filter((argument) => !argument.startsWith('--import'))
    return fork(file.replace(SOURCE, COMPILED).replace(/\.ts$/, '.js'), args, { ...options, execArgv })
  }
  syncBuiltinESMExports()
}
