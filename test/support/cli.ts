/** The `fewstep` command as a process, on a tiny model. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Readable, Writable } from 'node:stream'
import { fixture } from './engine.js'
import { program } from './program.js'
import { quoted } from './terminals.js'

export const FEWSTEP = program('cli/main')
const [NODE, ...NODE_ARGS] = FEWSTEP
export const ENVIRONMENT = {
  PATH: process.env['PATH'], FEWSTEP_MODEL: fixture('tiny-text'), FEWSTEP_EXECUTION_PROVIDER: 'cpu', FEWSTEP_THREADS: '1'
}

export interface Ended { readonly code: number | null, readonly stdout: string, readonly stderr: string }

export function start (args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(NODE, [...NODE_ARGS, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...ENVIRONMENT, ...env } })
}

export async function fewstep (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return await ended(start(args, env))
}

/** With something piped in, as a shell does it: what Node's own children have for a pipe is a socket. */
export async function fewstepReading (input: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn('sh', ['-c', 'cat | "$@"', 'sh', ...FEWSTEP, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'], env: { ...ENVIRONMENT, ...env }
  })
  child.stdin.on('error', () => {}).end(input)
  return await ended(child)
}

/** In a real terminal of so many columns: what it was sent. */
export async function fewstepInTerminal (
  args: readonly string[], { columns, env = {} }: { readonly columns: number, readonly env?: NodeJS.ProcessEnv }
): Promise<Ended> {
  const command = quoted([...FEWSTEP, ...args])
  return await ended(spawn('script', ['-qec', `stty columns ${columns} rows 30; exec ${command}`, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'pipe'], env: { ...ENVIRONMENT, TERM: 'xterm-256color', ...env }
  }))
}

async function ended (child: ChildProcessByStdio<Writable | null, Readable, Readable>): Promise<Ended> {
  const closed = once(child, 'close') as Promise<[number | null]>
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  return { code, stdout, stderr }
}
