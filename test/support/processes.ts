/** Processes that the tests' own processes have started. */
import { execFile } from 'node:child_process'
import { readFile, readdir, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

export async function childrenOf (pid: number): Promise<number[]> {
  return (await processes()).flatMap(({ child, parent }) => parent === pid ? [child] : [])
}

/** The session workers of a process. */
export async function workersOf (pid: number): Promise<number[]> {
  return (await processes()).flatMap(({ child, parent, command }) => parent === pid && command.includes('session-worker') ? [child] : [])
}

export function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** @throws Error where there is none: as process 0 it would be everybody in the group, tests and all */
export function signal (pid: number | undefined, name: NodeJS.Signals): asserts pid is number {
  if (pid === undefined) throw new Error(`no process to send ${name} to`)
  process.kill(pid, name)
}

/** The TCP ports that a process listens on. */
export async function listenersOf (pid: number): Promise<number[]> {
  const folder = `/proc/${pid}/fd`
  const links = await Promise.all((await readdir(folder)).map(async (fd) => await readlink(`${folder}/${fd}`).catch(() => '')))
  const sockets = new Set(links)
  const tables = await Promise.all(['tcp', 'tcp6'].map(async (table) => await readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')))
  return tables.join('\n').split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    return state === '0A' && sockets.has(`socket:[${inode}]`) ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : []
  })
}

async function processes (): Promise<Array<{ child: number, parent: number, command: string }>> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args='])
  return stdout.split('\n').map((line) => {
    const [child, parent, ...command] = line.trim().split(/\s+/)
    return { child: Number(child), parent: Number(parent), command: command.join(' ') }
  })
}
