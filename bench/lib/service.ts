/** The real service in a process of its own, as `npm start` runs it, seen from outside. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const BUILD = fileURLToPath(new URL('../../scripts/build.js', import.meta.url))

export interface Counters {
  readonly batches: number
  readonly rows: number
  readonly runSeconds: number
  readonly workerSeconds: number
  /** Of the service and its workers, all threads. */
  readonly processorSeconds: number
  /** Of the service alone. */
  readonly ownProcessorSeconds: number
}

export class Service {
  readonly url: string
  readonly #child: ChildProcess

  private constructor (child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
  }

  /**
   * @param env settings that differ from the defaults
   * @param program what Node is given: the built service, which is built first, or its source with a loader
   * @throws Error with what it said where it does not start
   */
  static async start (env: Readonly<Record<string, string>> = {}, program?: readonly string[]): Promise<Service> {
    const child = spawn(process.execPath, program ?? [await built()], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], HOST: '127.0.0.1', PORT: '0', FEWSTEP_EXECUTION_PROVIDER: 'cpu', ...env },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    let said = ''
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      said += chunk as string
      const url = /listens on (http:\/\/[\w.:]+)/.exec(said)?.[1]
      if (url === undefined) continue
      child.stdout.resume()
      return new Service(child, url)
    }
    throw new Error(`the service did not start: ${said}`)
  }

  /** What the engine has done so far, and how many workers it has. */
  async counters (): Promise<Counters & { readonly workers: number }> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    // It runs one model, so each name has one value.
    const value = (name: string): number => Number(new RegExp(`^${name}\\{model="[^"]*"\\} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN)
    return {
      batches: value('fewstep_step_batches_total'),
      rows: value('fewstep_step_rows_total'),
      runSeconds: value('fewstep_step_run_seconds_total'),
      workerSeconds: value('fewstep_step_worker_seconds_total'),
      processorSeconds: sum(this.#processes().map(processorSeconds)),
      ownProcessorSeconds: processorSeconds(this.#child.pid ?? 0),
      workers: value('fewstep_workers')
    }
  }

  /** Resident memory of the service and its workers, in bytes. */
  residentBytes (): number {
    return sum(this.#processes().map(residentBytes))
  }

  /** Process ids. */
  workers (): number[] {
    return this.#processes().slice(1)
  }

  /** Its own id first. */
  #processes (): number[] {
    const { pid = 0 } = this.#child
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/)
    return [pid, ...children.filter((text) => text !== '').map(Number)]
  }

  async stop (): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await exited
  }
}

async function built (): Promise<string> {
  const [code] = await once(spawn(process.execPath, [BUILD], { stdio: 'inherit' }), 'exit') as [number]
  if (code !== 0) throw new Error('the service does not build')
  return BUILT
}

function residentBytes (pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib ?? NaN) * 1024
}

/** Linux counts in hundredths, whatever its own clock is. */
function processorSeconds (pid: number): number {
  const [user = NaN, system = NaN] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').slice(11, 13).map(Number)
  return (user + system) / 100
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
