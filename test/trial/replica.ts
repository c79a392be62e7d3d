/** A service in a process of its own, as an operator runs it, on a port that it keeps when it is started again. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { program } from '../support/program.js'
import { TINY_TEXT } from '../support/server.js'

export interface Replica {
  readonly port: number
  /** SIGTERM, as orchestrators send it; resolves to the exit code. */
  stop: () => Promise<number | null>
  /** SIGKILL: it says goodbye to nobody. */
  kill: () => Promise<void>
}

/** Resolves when it listens. */
export async function startReplica (port: number, env: Readonly<Record<string, string>> = {}): Promise<Replica> {
  const [command, ...args] = program('main')
  const child = spawn(command, args, {
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      FEWSTEP_MODEL: TINY_TEXT,
      FEWSTEP_EXECUTION_PROVIDER: 'cpu',
      FEWSTEP_WORKERS: '1',
      FEWSTEP_THREADS: '1',
      FEWSTEP_WARM_UP_MS: '0',
      FEWSTEP_CACHE_DIR: 'none',
      ...env
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exited = once(child, 'close') as Promise<[number | null]>
  const lines = createInterface({ input: child.stdout })
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => { if (line.includes('fewstep listens on')) resolve() })
    child.once('close', (code) => { reject(new Error(`the replica exited with ${code}`)) })
  })
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM')
      const [code] = await exited
      return code
    },
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    }
  }
}

/** Ports that nobody listens on. */
export async function freePorts (count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(async (server) => await once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(async (server) => await once(server.close(), 'close')))
  return ports
}
