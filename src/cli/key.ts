/** `fewstep key new NAME`: a new key, told once, and the line that lets it in. */
import { checkName, keyLine, makeKey } from '../http/guard/key-line.js'
import type { Arguments } from './arguments.js'
import { print } from './print.js'
import { UsageError } from './usage-error.js'

/**
 * The line goes to stdout, so that it can be appended to a file; the key, which no file should hold, to stderr.
 * @throws UsageError
 */
export function runKey (given: Arguments): void {
  const [verb, name, ...rest] = given.operands
  if (verb !== 'new') throw new UsageError('keys are made with: fewstep key new NAME')
  if (name === undefined) throw new UsageError('the name of the key is missing: fewstep key new NAME')
  if (rest.length > 0) throw new UsageError(`key new takes one name; ${rest[0]} is one too many`)
  try {
    checkName(name)
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
  const key = makeKey()
  const admin = given.flag('admin')
  print(`${keyLine(name, key, admin)}\n`)
  process.stderr.write(`The key of ${name}, shown this once:\n${key}\n`)
  if (admin) process.stderr.write(`Without a file of keys the same admin is let in by:\nFEWSTEP_ADMIN_KEYS=${name}:${key}\n`)
}
