/** A container of an image under runc or crun, in the host's network, so that the trial can reach it. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePorts } from '../replica.js'
import type { MountedImage } from './buildah.js'

const runFile = promisify(execFile)
const RUNTIME = process.env['RUNTIME'] ?? 'runc'
const START_TIMEOUT_MS = 120_000

export interface ContainerOptions {
  readonly uid?: number
  readonly gid?: number
  /** Folders that can be written to, empty at first. */
  readonly tmpfs?: readonly string[]
  /** The root stays as it is in the image, whoever writes. */
  readonly readonly?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly memoryBytes?: number
  /** As docker's --cpus. */
  readonly cpus?: number
}

export interface Container {
  readonly url: string
  /** From the runtime's start to the first yes of /health/ready. */
  readonly readyMs: number
  /** All that it has written. */
  readonly output: () => string
  /** Runs a command in it; its exit code. */
  readonly exec: (command: readonly string[]) => Promise<number>
  /** To its process 1. */
  readonly signal: (name: string) => Promise<void>
  /** Of process 1, once it has ended. */
  readonly exited: Promise<number | null>
  /** Host's ids of its processes, process 1 first. */
  readonly pids: () => Promise<number[]>
  readonly setMemory: (bytes: number) => Promise<void>
  readonly remove: () => Promise<void>
}

interface Mount {
  readonly destination: string
  readonly type: string
  readonly source: string
  readonly options?: readonly string[]
}

const SYSTEM_MOUNTS: readonly Mount[] = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
  { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'] },
  { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'ro'] }
]

/** The runtime's config.json. */
function bundle ({ root, config }: MountedImage, options: ContainerOptions, port: number): object {
  const [uid = 0, gid = 0] = config.User.split(':').map(Number)
  const env = { ...Object.fromEntries(config.Env.map((line) => line.split(/=(.*)/s, 2))), PORT: String(port), ...options.env }
  const tmpfs = (options.tmpfs ?? []).map((destination): Mount =>
    ({ destination, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', 'size=65536k'] }))
  const { memoryBytes, cpus } = options
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: options.uid ?? uid, gid: options.gid ?? gid },
      args: config.Cmd,
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      cwd: config.WorkingDir,
      capabilities: {},
      noNewPrivileges: true
    },
    root: { path: root, readonly: options.readonly ?? true },
    hostname: 'fewstep',
    mounts: [...SYSTEM_MOUNTS, ...tmpfs],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      resources: {
        ...(memoryBytes === undefined ? {} : { memory: { limit: memoryBytes } }),
        ...(cpus === undefined ? {} : { cpu: { quota: 100_000 * cpus, period: 100_000 } })
      },
      maskedPaths: ['/proc/kcore', '/proc/keys', '/sys/firmware'],
      readonlyPaths: ['/proc/sys', '/proc/sysrq-trigger']
    }
  }
}

/** @throws Error with what it wrote where it ends before it is ready */
export async function startContainer (image: MountedImage, options: ContainerOptions = {}): Promise<Container> {
  const [port = 0] = await freePorts(1)
  const folder = await mkdtemp(join(tmpdir(), 'fewstep-image-'))
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'state'))
  await writeFile(join(folder, 'config.json'), JSON.stringify(bundle(image, options, port)))
  const id = `fewstep-trial-${port}`
  const runtime = ['--root', join(folder, 'state')]
  const begin = performance.now()
  const child = spawn(RUNTIME, [...runtime, 'run', '--bundle', folder, id], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'close').then(([code]) => code as number | null)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text })
  const url = `http://127.0.0.1:${port}`
  const remove = async (): Promise<void> => {
    await runFile(RUNTIME, [...runtime, 'delete', '--force', id]).catch(() => {})
    await exited
    await rm(folder, { recursive: true, force: true })
  }
  while (!await fetch(`${url}/health/ready`).then(({ ok }) => ok, () => false)) {
    if (child.exitCode !== null || performance.now() - begin > START_TIMEOUT_MS) {
      await remove()
      throw new Error(`the container is not ready: ${output}`)
    }
    await delay(20)
  }
  return {
    url,
    readyMs: performance.now() - begin,
    output: () => output,
    exec: async (command) => await runFile(RUNTIME, [...runtime, 'exec', id, ...command])
      .then(() => 0, (error: { code?: unknown }) => Number(error.code)),
    signal: async (name) => { await runFile(RUNTIME, [...runtime, 'kill', id, name]) },
    exited,
    pids: async () => JSON.parse((await runFile(RUNTIME, [...runtime, 'ps', '--format', 'json', id])).stdout) as number[],
    setMemory: async (bytes) => { await runFile(RUNTIME, [...runtime, 'update', '--memory', String(bytes), id]) },
    remove
  }
}
