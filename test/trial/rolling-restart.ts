/**
 * npx tsx test/trial/rolling-restart.ts --requests 500 --rate 5
 *
 * Two replicas behind nginx, each restarted in turn while requests come at a steady rate, JSON answers and event streams by turns.
 * Prints what was lost, which should be nothing. Needs nginx: apt-get install nginx-light.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { eventsOf, post } from '../support/client.js'
import { startNginx } from './nginx.js'
import { freePorts, startReplica, type Replica } from './replica.js'

export interface Trial {
  readonly asked: number
  /** What came instead of an answer, in words. */
  readonly lost: readonly string[]
  readonly restarts: number
  /** nginx's own log. */
  readonly complaints: string
}

export interface TrialOptions {
  /** Beyond these, requests go on until each replica has been restarted. */
  readonly requests: number
  readonly ratePerSecond: number
  readonly env?: Readonly<Record<string, string>>
}

/**
 * From the moment one replica is back to the moment the other is told to stop. nginx tries one that refused it again after 10 s
 * (`fail_timeout`), and the other refuses when its grace period, 5 s, is over: not before the first is trusted again.
 */
const PAUSE_MS = 6000

export async function rollingRestart ({ requests, ratePerSecond, env = {} }: TrialOptions): Promise<Trial> {
  const [port = 0, ...ports] = await freePorts(3)
  const replicas = await Promise.all(ports.map(async (one) => await startReplica(one, env)))
  const nginx = await startNginx(port, ports)
  const lost: string[] = []
  const state = { asked: 0, restarts: 0, isOver: false }
  const load = async (): Promise<void> => {
    const running: Array<Promise<void>> = []
    const begin = performance.now()
    while (!state.isOver || state.asked < requests) {
      running.push(ask(nginx.url, state.asked++).catch((error: unknown) => { lost.push(`${Math.round(performance.now() - begin)} ms: ${String(error)}`) }))
      await delay(Math.max(0, begin + state.asked * 1000 / ratePerSecond - performance.now()))
    }
    await Promise.all(running)
  }
  const restart = async (): Promise<void> => {
    while (state.restarts < ports.length || state.asked < requests) {
      await delay(PAUSE_MS)
      const i = state.restarts % ports.length
      const code = await (replicas[i] as Replica).stop()
      if (code !== 0) lost.push(`a replica exited with ${code}`)
      replicas[i] = await startReplica(ports[i] ?? 0, env)
      state.restarts++
    }
    state.isOver = true
  }
  await Promise.all([load(), restart()])
  const complaints = await nginx.complaints()
  await nginx.stop()
  await Promise.all(replicas.map(async (replica) => await replica.stop()))
  const { asked, restarts } = state
  return { asked, lost, restarts, complaints }
}

/**
 * By turns JSON and a stream; every tenth one takes long enough to be caught in the middle by a restart.
 * @throws Error where it is not answered whole
 */
export async function ask (url: string, index: number): Promise<void> {
  const stream = index % 2 === 1
  const response = await post(url, { max_tokens: 8, steps: index % 10 >= 8 ? 40 : 2, seed: index, stream })
  if (response.status !== 200) throw new Error(`${stream ? 'stream' : 'JSON'}: ${response.status} ${await response.text()}`)
  if (!stream) {
    await response.json()
    return
  }
  let last
  for await (const { event } of eventsOf(response)) last = event
  if (last !== 'done') throw new Error(`stream: ended with ${String(last)}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { requests: { type: 'string', default: '500' }, rate: { type: 'string', default: '5' } } })
  const options = { requests: Number(values.requests), ratePerSecond: Number(values.rate) }
  const { asked, lost, restarts, complaints } = await rollingRestart(options)
  console.log(`${lost.length} lost of ${asked}, ${restarts} restarts`)
  for (const line of lost) console.log(line)
  if (complaints !== '') console.log(`nginx says:\n${complaints}`)
}
