#!/usr/bin/env node
/** The `fewstep` command. Exit codes: 0 done, 1 failed, 2 wrong arguments, 129, 130 or 143 interrupted. */
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { FewstepError } from '../errors.js'
import { stopOnSignals, type Stopped } from '../signals.js'
import { parseGenerateOptions } from './generate-options.js'
import { runKey } from './key.js'
import { cannotPrint, print } from './print.js'
import { SHOW_CURSOR } from './screen.js'
import { UsageError } from './usage-error.js'
import { GENERATE_USAGE, serveUsage, USAGE } from './usage.js'

async function run ([command, ...args]: readonly string[]): Promise<void> {
  switch (command) {
    case 'generate': return await runGenerate(args)
    case 'serve': return await runServe(args)
    case 'key': return runKey(args)
    case '--version': return print(`${version()}\n`)
    case '--help':
    case '-h':
    case 'help': return print(USAGE)
    case undefined: throw new UsageError('a command is missing: generate, serve or key; fewstep --help says more')
    default: throw new UsageError(`no such ${command.startsWith('-') ? 'option' : 'command'}: ${command}; fewstep --help lists them`)
  }
}

async function runServe ([first]: readonly string[]): Promise<void> {
  if (first === '--help' || first === '-h') return print(serveUsage())
  if (first !== undefined) {
    throw new UsageError(`serve takes no arguments, not ${first}; its settings are environment variables: fewstep serve --help`)
  }
  const stop = stopOnSignals(() => process.exit(1))
  // Only here: the HTTP service takes its time to load.
  const { serve } = await import('../serve.js')
  await serve(stop)
}

async function runGenerate (args: readonly string[]): Promise<void> {
  const options = parseGenerateOptions(args)
  if (options.help) return print(GENERATE_USAGE)
  // At the second signal at once: workers end with this process.
  const stop = stopOnSignals(leaveAtOnce)
  stop.addEventListener('abort', () => { process.exitCode = exitCodeAfter((stop.reason as Stopped).signal) })
  const { generate } = await import('./generate.js')
  try {
    await generate(options, stop)
  } catch (error) {
    if (!stop.aborted) throw error
  }
}

function leaveAtOnce (signal: NodeJS.Signals): never {
  if (process.stdout.isTTY) process.stdout.write(SHOW_CURSOR)
  process.exit(exitCodeAfter(signal))
}

function exitCodeAfter (signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

function version (): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}

/** 2: whoever typed the command can put it right. */
function exitCodeOf (error: unknown): number {
  return error instanceof UsageError || (error instanceof FewstepError && error.statusCode < 499) ? 2 : 1
}

function messageOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  return cause instanceof Error && !message.includes(cause.message) ? `${message}: ${cause.message}` : message
}

/** In one sentence on stderr; where nobody can read that, the exit code is left. */
function fail (error: unknown): void {
  process.stderr.write(`fewstep: ${messageOf(error)}\n`)
  process.exitCode = exitCodeOf(error)
}

process.stderr.on('error', () => {})
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader who has seen enough (fewstep generate | head) is no failure.
  if (error.code !== 'EPIPE') fail(cannotPrint(error))
})

run(process.argv.slice(2)).catch(fail)
