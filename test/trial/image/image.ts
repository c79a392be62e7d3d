/**
 * npx tsx test/trial/image/image.ts [--target cpu|cuda] [--image NAME] [--only size,labels,users,stop,health,quota,memory]
 *
 * Builds the image for CPUs with scripts/image/build.sh, unless one is named, and runs it under runc (RUNTIME=crun: under that): as several
 * users, without write access, with little CPU and memory, told to stop in the middle of a stream; the CUDA one (size, labels, driver) as
 * far as it gets without a driver. Prints a Markdown table of what was promised and seen. Wants root, buildah, and runc or crun.
 */
import { execFileSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { eventsOf, failure, generate, post, type Failure } from '../../support/client.js'
import { mountImage, sizeOf, type MountedImage } from './buildah.js'
import { startContainer, type Container, type ContainerOptions } from './container.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const MOST_ABOVE_BASE = { cpu: 130e6, cuda: 2.3e9 }
const ONE_WORKER = { FEWSTEP_WORKERS: '1', FEWSTEP_THREADS: '1', FEWSTEP_WARM_UP_MS: '0' }
const CACHE = '/var/cache/fewstep'
const REQUEST = { prompt: 'Once upon a time', max_tokens: 24, steps: 4, seed: 7 }
const STEP_DOWN = 16 * 2 ** 20
const MOST_STEPS_DOWN = 8
/** Larger than all that ran before: 16 canvases of the longest kind, filtered. */
const LARGE = { max_tokens: 250, steps: 4, n: 16, seed: 1, top_k: 50 }

interface Line {
  readonly promise: string
  readonly seen: string
  readonly kept: boolean
}

const { values } = parseArgs({ options: { target: { type: 'string', default: 'cpu' }, image: { type: 'string' }, only: { type: 'string' } } })
const target = targetOf(values.target)
const { image = `fewstep:${target}`, only = target === 'cpu' ? 'size,labels,users,stop,health,quota,memory' : 'size,labels,driver' } = values
const lines: Line[] = []

function targetOf (name: string): 'cpu' | 'cuda' {
  if (name === 'cpu' || name === 'cuda') return name
  throw new Error(`--target is cpu or cuda, not ${name}`)
}

function note (promise: string, seen: string, kept: boolean): void {
  lines.push({ promise, seen, kept })
  console.error(`${kept ? 'ok ' : 'NOT'} ${promise}: ${seen}`)
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

async function within (image: MountedImage, options: ContainerOptions, use: (container: Container) => Promise<void>): Promise<void> {
  const container = await startContainer(image, options)
  try {
    await use(container)
  } finally {
    await container.remove()
  }
}

/** A trial that ends with an error has broken its promise. */
async function attempt (promise: string, trial: () => Promise<void>): Promise<void> {
  await trial().catch((error: unknown) => { note(promise, String(error).slice(0, 300), false) })
}

async function size (image: MountedImage, base: MountedImage): Promise<void> {
  const above = await sizeOf(image.root) - await sizeOf(base.root)
  const parts = await Promise.all(['node_modules/onnxruntime-node', 'node_modules', 'models', 'dist'].map(async (part) =>
    `${part} ${megabytes(await sizeOf(join(image.root, 'app', part)))}`))
  note(`at most ${megabytes(MOST_ABOVE_BASE[target])} above its base`, `${megabytes(above)}: ${parts.join(', ')}`, above <= MOST_ABOVE_BASE[target])
}

async function labels ({ config: { Labels = {}, Healthcheck } }: MountedImage): Promise<void> {
  const version = (JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version
  const found = Object.keys(Labels).filter((name) => name.startsWith('org.opencontainers.image.'))
  note('OCI labels', found.map((name) => name.replace('org.opencontainers.image.', '')).join(', '), Labels['org.opencontainers.image.version'] === version)
  const [kind, program] = Healthcheck?.Test ?? []
  note('HEALTHCHECK without a shell', (Healthcheck?.Test ?? []).join(' '), kind === 'CMD' && program === 'node')
}

async function users (image: MountedImage): Promise<void> {
  const texts = new Set<string>()
  const cases: Array<[string, ContainerOptions]> = [
    ['as the image is, its root writable', { readonly: false }],
    ['read-only root, a tmpfs for measurements', { tmpfs: [CACHE] }],
    ['as an unknown user without a home, read-only root, nothing writable', { uid: 1234567, gid: 1234567, env: { HOME: '/nowhere' } }]
  ]
  for (const [name, options] of cases) {
    await attempt(name, async () => {
      // Else each takes the precision that it finds faster, and texts are those of a precision.
      await within(image, { ...options, env: { ...options.env, FEWSTEP_PRECISION: 'float32' } }, async (container) => {
        const { outputs } = await generate(container.url, REQUEST)
        texts.add(outputs[0]?.text ?? '')
        const warns = container.output().includes('"level":"warn"') || container.output().includes('"level":40')
        note(name, `ready after ${seconds(container.readyMs)}${warns ? ', with a warning' : ''}`, true)
      })
    })
  }
  note('the same text from each', [...texts].map((text) => JSON.stringify(text)).join(' and '), texts.size === 1)
}

async function stop (image: MountedImage): Promise<void> {
  await within(image, { tmpfs: [CACHE], env: { FEWSTEP_DRAIN_GRACE_MS: '500' } }, async (container) => {
    const response = await post(container.url, { max_tokens: 200, steps: 60, seed: 3, stream: true })
    let [steps, last, toldAt] = [0, '', 0]
    for await (const { event } of eventsOf(response)) {
      last = event
      if (event === 'step' && ++steps === 3) {
        toldAt = performance.now()
        await container.signal('TERM')
      }
    }
    const code = await container.exited
    note('SIGTERM to process 1 in a stream of 60 steps: it ends whole, exit code 0',
      `the stream ended with ${last}, exit code ${code}, ${seconds(performance.now() - toldAt)} after the signal`, last === 'done' && code === 0)
  })
}

async function health (image: MountedImage): Promise<void> {
  const command = image.config.Healthcheck?.Test.slice(1) ?? []
  await within(image, { tmpfs: [CACHE] }, async (container) => {
    const well = await container.exec(command)
    const [first = 0] = await container.pids()
    process.kill(first, 'SIGSTOP')
    const hung = await container.exec(command)
    process.kill(first, 'SIGCONT')
    note('HEALTHCHECK says 0 while it lives, 1 while it hangs', `${well}, then ${hung}`, well === 0 && hung === 1)
  })
}

async function quota (image: MountedImage): Promise<void> {
  await within(image, { tmpfs: [CACHE], cpus: 0.5 }, async (container) => {
    const begin = performance.now()
    await generate(container.url, REQUEST)
    note('half a CPU: it starts and serves', `ready after ${seconds(container.readyMs)}, a generation of 4 steps in ${seconds(performance.now() - begin)}`, true)
  })
}

/** Resident memory of a process in bytes; 0: it is gone. */
async function residentOf (pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0)
}

async function memory (image: MountedImage): Promise<void> {
  await within(image, { tmpfs: [CACHE], env: ONE_WORKER, memoryBytes: 2 ** 31 }, async (container) => {
    await generate(container.url, REQUEST)
    const [first, ...workers] = await container.pids()
    const resident = await Promise.all([first, ...workers].map(async (pid) => await residentOf(pid ?? 0)))
    const inUse = resident.reduce((sum, bytes) => sum + bytes, 0)
    let limit = await lowered(container, inUse)
    const seen: string[] = []
    for (let i = 0; i < MOST_STEPS_DOWN; i++) {
      const { status } = await post(container.url, LARGE)
      seen.push(`${megabytes(limit)}: ${status} after ${await replaced(container)} workers`)
      // Less than is in use the kernel does not set.
      if (await container.setMemory(limit - STEP_DOWN).then(() => true, () => false)) limit -= STEP_DOWN
    }
    note('memory that gets less and less: workers are killed and replaced, their steps run again, in halves',
      seen.join(', '), seen.some((line) => line.includes(': 200 after') && !line.endsWith('after 0 workers')))
    const refused = await withoutWorkers(container)
    note('a request whose workers are killed again and again, as if there were no room for any, is told so', `${refused.status} ${refused.code}: ${refused.message}`,
      ['inference_failed', 'not_ready'].includes(refused.code ?? ''))
    await container.setMemory(2 ** 31)
    const served = await untilServed(container)
    const [still] = await container.pids()
    note('process 1 outlives all that, and serves again when there is room', `it is ${still === first ? 'the same' : 'another'}, ${served}`,
      still === first && served === 'a request is answered')
  })
}

/** Asks while every worker is killed as soon as it is seen. */
async function withoutWorkers (container: Container): Promise<Failure> {
  const state = { isOver: false }
  const killer = async (): Promise<void> => {
    while (!state.isOver) {
      for (const pid of (await container.pids()).slice(1)) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {} // it is gone already
      }
      await delay(20)
    }
  }
  const [refused] = await Promise.all([failure(container.url, LARGE).finally(() => { state.isOver = true }), killer()])
  return refused
}

async function replaced ({ url }: Container): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/fewstep_workers_replaced_total\{model="[^"]+"\} (\d+)/.exec(metrics)?.[1])
}

/** A little above what is in use. The kernel refuses a limit below that, so it is asked from below upwards. */
async function lowered (container: Container, bytes: number): Promise<number> {
  for (let limit = bytes; ; limit += 8 * 2 ** 20) {
    if (await container.setMemory(limit).then(() => true, () => false)) {
      await container.setMemory(limit + 24 * 2 ** 20)
      return limit + 24 * 2 ** 20
    }
  }
}

async function untilServed ({ url }: Container): Promise<string> {
  for (let i = 0; i < 100; i++) {
    const response = await post(url, REQUEST)
    if (response.status === 200) return 'a request is answered'
    await delay(200)
  }
  return 'no request is answered'
}

async function driver (image: MountedImage): Promise<void> {
  const ended = await within(image, { tmpfs: [CACHE] }, async () => {}).then(() => 'it started', String)
  note('without a driver it does not start, and names what is missing', (/the NVIDIA driver is missing[^;"]*/.exec(ended) ?? [ended.slice(-300)])[0],
    ended.includes('the NVIDIA driver is missing: libcuda.so.1'))
  await within(image, { tmpfs: [CACHE], env: { FEWSTEP_EXECUTION_PROVIDER: 'auto' } }, async (container) => {
    const checked = await container.exec(['node', 'dist/cli/main.js', 'cuda', 'install', '--check'])
    note("`fewstep cuda install --check` in it finds all of CUDA's libraries", `exit code ${checked}`, checked === 0)
    await generate(container.url, REQUEST)
    note('with FEWSTEP_EXECUTION_PROVIDER=auto it serves from the CPU', `ready after ${seconds(container.readyMs)}`, true)
  })
}

const TRIALS: Readonly<Record<string, (image: MountedImage, base: MountedImage) => Promise<void>>> = {
  size, labels, users, stop, health, quota, memory, driver
}

if (values.image === undefined) execFileSync(join(ROOT, 'scripts/image/build.sh'), [target, image], { stdio: ['ignore', 2, 2] })
const base = /^ARG NODE_IMAGE=([^@\n]+)/m.exec(await readFile(join(ROOT, 'Dockerfile'), 'utf8'))?.[1]?.trim() ?? ''
const mounted = await mountImage(image)
const mountedBase = await mountImage(base)
try {
  for (const name of only.split(',')) {
    await attempt(name, async () => {
      const trial = TRIALS[name]
      if (trial === undefined) throw new Error(`there is no such trial: ${Object.keys(TRIALS).join(', ')}`)
      await trial(mounted, mountedBase)
    })
  }
} finally {
  await mounted.remove()
  await mountedBase.remove()
}
const left = (await readdir('/tmp')).filter((name) => name.startsWith('fewstep-image-'))
note('nothing is left behind', left.join(', ') || 'nothing', left.length === 0)
console.log('\n| | promised | seen |\n|---|---|---|')
for (const { kept, promise, seen } of lines) console.log(`| ${kept ? 'ok' : 'NOT'} | ${promise} | ${seen.replaceAll('|', '\\|')} |`)
process.exitCode = lines.every(({ kept }) => kept) ? 0 : 1
