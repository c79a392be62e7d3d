/**
 * npx tsx test/trial/killed-replica.ts --requests 300 --rate 5
 *
 * Two replicas behind nginx, one of them killed (SIGKILL) under a steady load, JSON answers and event streams by turns. Prints what was
 * lost at the first try, which may be no more than what the killed replica had open, and what a client lost that tries again: nothing.
 * Needs nginx: apt-get install nginx-light.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { vitalsOf } from './vitals.js'
import { startNginx } from './nginx.js'
import { freePorts, startReplica } from './replica.js'
import { ask } from './rolling-restart.js'

const TRIES = 4
const PAUSE_MS = 500

export interface KilledTrial {
  readonly asked: number
  /** Canvases that the killed replica had when it was killed. */
  readonly open: number
  /** Requests that failed at their first try, in words. */
  readonly failedOnce: readonly string[]
  /** Those that failed at every try. */
  readonly lost: readonly string[]
}

export async function killedReplica ({ requests, ratePerSecond }: {
  readonly requests: number, readonly ratePerSecond: number
}): Promise<KilledTrial> {
  const [port = 0, ...ports] = await freePorts(3)
  const replicas = await Promise.all(ports.map(async (one) => await startReplica(one)))
  const nginx = await startNginx(port, ports)
  const [failedOnce, lost]: [string[], string[]] = [[], []]
  const begin = performance.now()
  const tryAgain = async (index: number): Promise<void> => {
    for (let i = 0; i < TRIES; i++) {
      if (i > 0) await delay(PAUSE_MS)
      const error = await ask(nginx.url, index).then(() => undefined, (reason: unknown) => String(reason))
      if (error === undefined) return
      if (i === 0) failedOnce.push(`${Math.round(performance.now() - begin)} ms: ${error}`)
      if (i === TRIES - 1) lost.push(error)
    }
  }
  const running = []
  let open = 0
  for (let index = 0; index < requests; index++) {
    running.push(tryAgain(index))
    if (index === Math.floor(requests / 2)) {
      // With something under way there is something to lose.
      while ((open = (await vitalsOf(`http://127.0.0.1:${ports[0]}`)).rows) === 0) running.push(tryAgain(index + 8))
      await replicas[0]?.kill()
    }
    await delay(Math.max(0, begin + (index + 1) * 1000 / ratePerSecond - performance.now()))
  }
  await Promise.all(running)
  await nginx.stop()
  await replicas[1]?.stop()
  return { asked: running.length, open, failedOnce, lost }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { requests: { type: 'string', default: '300' }, rate: { type: 'string', default: '5' } } })
  const { asked, open, failedOnce, lost } = await killedReplica({ requests: Number(values.requests), ratePerSecond: Number(values.rate) })
  console.log(`${asked} asked; the killed replica had ${open} canvases; ${failedOnce.length} failed once, ${lost.length} for good`)
  for (const line of [...failedOnce, ...lost]) console.log(line)
}
