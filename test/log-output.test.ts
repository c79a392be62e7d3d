/** What becomes of the service when its log cannot be written. */
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import t from 'tap'
import { generate } from './support/client.js'
import { onSmallDisk, SMALL_DISK } from './support/namespace.js'
import { listenersOf } from './support/processes.js'
import { listening, startProcess, type ServiceProcess } from './support/service-process.js'
import { until } from './support/until.js'

const toFullDevice = (command: readonly string[]): string[] => ['sh', '-c', 'exec "$@" > /dev/full', 'sh', ...command]

/** Where a service listens that cannot say so. */
async function urlOf (child: ServiceProcess): Promise<string> {
  let ports: number[] = []
  await until(async () => (ports = await listenersOf(child.pid ?? 0)).length > 0)
  return `http://127.0.0.1:${ports[0]}`
}

async function droppedLines (url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^fewstep_log_lines_dropped_total (\d+)$/m.exec(text)?.[1] ?? NaN)
}

async function stops (child: ServiceProcess): Promise<unknown> {
  const exited = once(child, 'close')
  child.kill('SIGTERM')
  return await exited
}

t.test('a log that is full from the start: the service starts, answers, counts lost lines, and stops', async (t) => {
  const child = startProcess({}, toFullDevice)
  const url = await urlOf(child)
  t.equal((await generate(url, { steps: 1, max_tokens: 4 })).outputs.length, 1)
  t.equal((await fetch(`${url}/health/live`)).status, 200)
  await until(async () => await droppedLines(url) >= 3)
  t.same(await stops(child), [0, null])
  t.equal(child.output.stderr, '')
})

t.test('a disk that fills up: the service goes on, and says what was lost once there is room', async (t) => {
  const child = startProcess({}, (command) => onSmallDisk(command, 4096))
  const url = await urlOf(child)
  const disk = `/proc/${child.pid}/root${SMALL_DISK}`
  // Larger than what is free: whatever the pages are of which the disk gives away its bytes.
  while (await droppedLines(url) === 0) await generate(url, { steps: 1, max_tokens: 1 })
  await generate(url, { steps: 1, max_tokens: 1 })
  await rm(`${disk}/filler`)
  await generate(url, { steps: 1, max_tokens: 1 })
  await until(async () => (await readFile(`${disk}/log`, 'utf8')).includes('log lines were lost'))
  const log = await readFile(`${disk}/log`, 'utf8')
  const lines = log.trimEnd().split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as { msg: string, lines?: number, reason?: string }]
    } catch {
      return []
    }
  })
  const notice = lines.find(({ msg }) => msg.startsWith('log lines were lost'))
  t.match(notice, { lines: await droppedLines(url), reason: /^ENOSPC/ })
  t.ok(lines.length >= log.trimEnd().split('\n').length - 1, 'at most one line is cut: where the disk was full')
  t.same(await stops(child), [0, null])
})

t.test('a log whose reader has left: the service goes on, and stops', async (t) => {
  const child = startProcess({})
  const url = await listening(child)
  child.stdout.destroy()
  await generate(url, { steps: 1, max_tokens: 4 })
  await until(async () => await droppedLines(url) > 0)
  t.equal((await generate(url, { steps: 1, max_tokens: 4 })).outputs.length, 1)
  t.same(await stops(child), [0, null])
})

t.test('a fault of the service itself ends it, and is told on stderr where the log cannot be written', async (t) => {
  const fault = "data:text/javascript,process.on('SIGUSR2', () => { Promise.reject(new Error('boom')) })"
  const child = startProcess({ NODE_OPTIONS: `--import="${fault}"` }, toFullDevice)
  await urlOf(child)
  const exited = once(child, 'close')
  child.kill('SIGUSR2')
  t.same(await exited, [1, null])
  t.match(child.output.stderr, /^fewstep: Error: boom\n +at /)
})
