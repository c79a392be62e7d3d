#!/usr/bin/env node
/** The `fewstep` command. Exit codes: 0 done, 1 failed, 2 wrong arguments, 129, 130 or 143 interrupted. */
import { constants } from 'node:os'
import { FewstepError as ClientError } from '../client/index.js'
import { FewstepError } from '../errors.js'
import { loadCode } from '../load-code.js'
import { serviceSignals, stopOnSignals, type Stopped } from '../signals.js'
import { VERSION } from '../version.js'
import { Arguments } from './arguments.js'
import { COMMANDS, isCommand, type CommandName } from './commands.js'
import { completion } from './completion.js'
import { parseGenerateOptions } from './generate-options.js'
import { helpOf, overview } from './help.js'
import { runKey } from './key.js'
import { cannotPrint, print } from './print.js'
import { SHOW_CURSOR } from './screen.js'
import { UsageError } from './usage-error.js'

type Runner = (args: readonly string[]) => Promise<void> | void

/** What takes its time to load is loaded by the command that needs it. */
const RUNNERS: Record<CommandName, Runner> = {
  generate: async (args) => {
    const options = parseGenerateOptions(args)
    if (options.help) return print(await helpOf(COMMANDS.generate))
    await interruptible(async (stop) => {
      const { generate } = await loadCode(() => import('./generate.js'))
      await generate(options, stop)
    })
  },
  replay: async (args) => {
    await withArguments('replay', args, async (given) => {
      const { parseReplayOptions, replay } = await loadCode(() => import('./replay.js'))
      const options = parseReplayOptions(given)
      await interruptible(async (stop) => { await replay(options, stop) })
    })
  },
  serve: async ([first]) => {
    if (first === '--help' || first === '-h') return print(await helpOf(COMMANDS.serve))
    if (first !== undefined) {
      throw new UsageError(`serve takes no arguments, not ${first}; its settings are environment variables: fewstep serve --help`)
    }
    const signals = serviceSignals(() => process.exit(1))
    const { serve } = await loadCode(() => import('../serve.js'))
    await serve(signals)
  },
  key: async (args) => {
    await withArguments('key', args, async (given) => { runKey(given) })
  },
  doctor: async (args) => {
    await withArguments('doctor', args, async (given) => {
      const { doctor } = await loadCode(() => import('./doctor/doctor.js'))
      process.exitCode = await doctor(given.flag('json'))
    })
  },
  cuda: async (args) => {
    await withArguments('cuda', args, async (given) => {
      const { runCuda } = await loadCode(() => import('./cuda/cuda.js'))
      await interruptible(async (stop) => { process.exitCode = await runCuda(given, stop) })
    })
  },
  inspect: async (args) => {
    await withArguments('inspect', args, async (given) => {
      const { inspect } = await loadCode(() => import('./inspect.js'))
      await inspect(given)
    })
  },
  bench: async (args) => {
    await withArguments('bench', args, async (given) => {
      const { runBench } = await loadCode(() => import('./bench/bench.js'))
      // Ctrl-C is an end like any other: what was measured is told.
      process.exitCode = await runBench(given, stopOnSignals(leaveAtOnce))
    })
  },
  completion: async (args) => {
    await withArguments('completion', args, async ({ operands }) => { print(completion(operands)) })
  }
}

async function run ([command, ...args]: readonly string[]): Promise<void> {
  switch (command) {
    case '--version': return print(`${VERSION}\n`)
    case '--help':
    case '-h':
    case 'help': return print(overview())
    case undefined: throw new UsageError(`a command is missing: ${Object.keys(COMMANDS).join(', ')}; fewstep --help says more`)
    default:
      if (isCommand(command)) return await RUNNERS[command](args)
      throw new UsageError(`no such ${command.startsWith('-') ? 'option' : 'command'}: ${command}; fewstep --help lists them`)
  }
}

async function withArguments (name: CommandName, args: readonly string[], work: (given: Arguments) => Promise<void>): Promise<void> {
  const given = new Arguments(COMMANDS[name], args)
  if (given.flag('help')) return print(await helpOf(COMMANDS[name]))
  await work(given)
}

/** Run what a signal ends; at the second one at once: workers end with this process. */
async function interruptible (work: (stop: AbortSignal) => Promise<void>): Promise<void> {
  const stop = stopOnSignals(leaveAtOnce)
  stop.addEventListener('abort', () => { process.exitCode = exitCodeAfter((stop.reason as Stopped).signal) })
  try {
    await work(stop)
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

/** 2: whoever typed the command can put it right. */
function exitCodeOf (error: unknown): number {
  if (error instanceof UsageError) return 2
  const status = error instanceof FewstepError ? error.statusCode : error instanceof ClientError ? error.status ?? 500 : 500
  return status >= 400 && status < 499 && status !== 429 ? 2 : 1
}

function messageOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  if (error instanceof ClientError || !(cause instanceof Error) || message.includes(cause.message)) return message
  return `${message}: ${cause.message}`
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
