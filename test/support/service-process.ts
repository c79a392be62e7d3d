/** The real service in a process of its own, on a tiny model. */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { program } from './program.js'
import { TINY_TEXT } from './server.js'

/** Characters: a trial of hours writes more than a test wants to hold. */
const MOST_OUTPUT = 1_000_000

const ENVIRONMENT = {
  PATH: process.env['PATH'],
  HOST: '127.0.0.1',
  PORT: '0',
  FEWSTEP_MODEL: TINY_TEXT,
  FEWSTEP_EXECUTION_PROVIDER: 'cpu',
  FEWSTEP_WORKERS: '1',
  FEWSTEP_THREADS: '1',
  FEWSTEP_WARM_UP_MS: '0',
  FEWSTEP_DRAIN_GRACE_MS: '0'
}

/** None outlives who started it, also where that fails. */
const started: ChildProcess[] = []
process.on('exit', () => { for (const child of started) child.kill('SIGKILL') })

export type ServiceProcess = ChildProcessByStdio<null, Readable, Readable> & {
  /** What it has written so far; of very much the end. */
  readonly output: { readonly stdout: string, readonly stderr: string }
}

/** Settings but for the log's level: `listening` reads a line of it. */
type Settings = Readonly<Record<string, string>> & { readonly LOG_LEVEL?: never }

/**
 * @param env settings that differ
 * @param within makes the command one that runs it, as in a container
 */
export function startProcess (
  env: Settings = {}, within = (command: readonly string[]): readonly string[] => command
): ServiceProcess {
  const [command = '', ...args] = within(program('main'))
  const child = spawn(command, args, { env: { ...ENVIRONMENT, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output.stdout = (output.stdout + text).slice(-MOST_OUTPUT) })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { output.stderr = (output.stderr + text).slice(-MOST_OUTPUT) })
  return Object.assign(child, { output })
}

/**
 * Where a started service says that it listens.
 * @throws Error with what it said instead where it ends
 */
export async function listening (child: ServiceProcess): Promise<string> {
  const closed = once(child, 'close')
  for (;;) {
    const url = /http:\/\/[\d.]+:\d+/.exec(child.output.stdout)?.[0]
    if (url !== undefined) return url
    if (child.exitCode !== null) throw new Error(child.output.stderr)
    await Promise.race([once(child.stdout, 'data'), closed])
  }
}
