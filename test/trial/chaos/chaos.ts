/**
 * npx tsx test/trial/chaos/chaos.ts --minutes 10 --seed 1 --write
 *
 * Workers that are killed, stand still, or lie, under load. Prints how many requests were lost, or got other tokens than without, as a
 * line of the table in docs/reliability.md, and with --write puts it there.
 */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { post } from '../../support/client.js'
import { Draw } from '../../support/draw.js'
import { lying } from '../../support/lies.js'
import { workersOf } from '../../support/processes.js'
import { listening, startProcess, type ServiceProcess } from '../../support/service-process.js'
import { report } from '../report.js'
import { vitalsOf } from '../vitals.js'

const CLIENTS = 12
const REQUESTS = 48
const WORKERS = 3
/** Each of a worker's so many results is a lie. */
const LIES_EVERY = 1000
const PAUSE_MS = 250
/** A line of the log. */
const REPLACED = /"worker":(\d+)[^\n]*"a session worker has been replaced"/g
const SETTINGS = {
  FEWSTEP_WORKERS: String(WORKERS),
  FEWSTEP_MAX_BATCH: '4',
  FEWSTEP_STEP_TIMEOUT_MS: '2000',
  FEWSTEP_MAX_WAIT_MS: '3600000',
  FEWSTEP_CACHE_DIR: 'none'
}

export interface Chaos {
  readonly answered: number
  /** Sent again after 503, when the answer said. */
  readonly sentAgain: number
  readonly killed: number
  readonly stopped: number
  readonly lies: number
  /** Requests that failed, or whose texts differ from those without faults. */
  readonly lost: readonly string[]
  readonly rows: number
  readonly exitCode: number | null
}

/** @param isOver asked again and again */
export async function chaos ({ seed, isOver }: {
  readonly seed: number, readonly isOver: (so: Pick<Chaos, 'answered' | 'killed' | 'stopped'>) => boolean
}): Promise<Chaos> {
  const draw = new Draw(seed)
  const bodies = Array.from({ length: REQUESTS }, (_, i) => ({
    seed: i, prompt: 'Once', max_tokens: draw.integer(1, 40), steps: draw.integer(2, 24), n: draw.integer(1, 3), top_k: draw.of([0, 0, 0, 5])
  }))
  const calm = await calmly(bodies)
  const service = startProcess({ ...SETTINGS, ...lying({ every: LIES_EVERY }) })
  const url = await listening(service)
  const state = { answered: 0, sentAgain: 0, killed: 0, stopped: 0, lost: [] as string[] }
  const over = (): boolean => isOver(state)
  let next = 0
  const client = async (): Promise<void> => {
    while (!over()) {
      const index = next++ % REQUESTS
      const { texts, again } = await patiently(url, bodies[index] ?? {})
      state.sentAgain += again
      if (texts === calm[index]) state.answered++
      else state.lost.push(`request ${index}: ${texts}`)
    }
  }
  await Promise.all([strike(service, draw, state, over), ...Array.from({ length: CLIENTS }, client)])
  const { rows } = await vitalsOf(url)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const lies = Number(/^fewstep_impossible_results_total\{[^}]*\} (\d+)$/m.exec(metrics)?.[1])
  service.kill('SIGTERM')
  const [exitCode] = await once(service, 'close') as [number | null]
  return { ...state, lies, rows, exitCode }
}

/** What the same requests get where nothing goes wrong. */
async function calmly (bodies: readonly object[]): Promise<string[]> {
  const service = startProcess(SETTINGS)
  const url = await listening(service)
  const texts = []
  for (const body of bodies) texts.push((await patiently(url, body)).texts)
  service.kill('SIGTERM')
  await once(service, 'close')
  return texts
}

/** As clients should: 503 is asked again when its answer says. */
async function patiently (url: string, body: object): Promise<{ readonly texts: string, readonly again: number }> {
  for (let again = 0; ; again++) {
    const response = await post(url, body)
    const answer = await response.json() as { outputs?: ReadonlyArray<{ text: string }> }
    if (response.status !== 503) return { texts: JSON.stringify(answer.outputs?.map(({ text }) => text) ?? answer), again }
    await delay(1000 * Number(response.headers.get('retry-after')))
  }
}

/** Kill a worker, or have it stand still, as long as another one is left. */
async function strike (
  service: ServiceProcess, draw: Draw, state: { killed: number, stopped: number }, isOver: () => boolean
): Promise<void> {
  const struck = new Set<number>()
  const ready = new Set(await workersOf(service.pid ?? 0))
  while (!isOver()) {
    await delay(PAUSE_MS)
    // One that stands still before it is ready is waited for, for minutes, as one that loads a large model is.
    for (const [, worker] of service.output.stdout.matchAll(REPLACED)) ready.add(Number(worker))
    const workers = (await workersOf(service.pid ?? 0)).filter((worker) => ready.has(worker))
    // One that stands still and has nothing to do is not missed.
    const untouched = workers.filter((worker) => !struck.has(worker))
    if (untouched.length < 2) continue
    const worker = draw.of(untouched)
    struck.add(worker)
    const how = draw.of(['SIGKILL', 'SIGKILL', 'SIGSTOP'] as const)
    try {
      process.kill(worker, how)
    } catch {
      continue // it has been dismissed meanwhile, for a lie
    }
    if (how === 'SIGKILL') state.killed++
    else state.stopped++
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values: { minutes, seed, write } } = parseArgs({
    options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' }, write: { type: 'boolean' } }
  })
  let begin: number | undefined // of the faults: what the same requests get without them comes first
  const isOver = (): boolean => performance.now() >= (begin ??= performance.now()) + 60_000 * Number(minutes)
  const seen = await chaos({ seed: Number(seed), isOver })
  const { answered, sentAgain, killed, stopped, lies, lost, rows, exitCode } = seen
  for (const each of lost.slice(0, 20)) console.log(each)
  await report({
    trial: `workers killed, stopped and lying for ${minutes} minutes`,
    seen: `${killed} killed, ${stopped} stopped, ${lies} lies found; ${answered} requests answered with the tokens that they get without, ` +
      `${lost.length} lost, ${sentAgain} times sent again after 503; rows ${rows}, exit code ${exitCode}`,
    kept: lost.length === 0 && killed > 0 && stopped > 0 && lies > 0 && rows === 0 && exitCode === 0
  }, { write })
}
