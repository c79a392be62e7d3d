/**
 * npx tsx test/trial/overload/overload.ts --minutes 5 --write
 *
 * The embedded model under three times the load that saturates it, of requests with deadlines: what is answered in time beside the most
 * that is at lower loads, whether those who were let in are answered in time, and how long /health/live takes meanwhile. Prints a line of
 * the table in docs/reliability.md, and with --write puts it there.
 */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { loadOptions } from '../../../bench/lib/crowd.js'
import { DEFAULT_MODEL } from '../../../src/config.js'
import type { LoadOptions } from '../../../src/load/options.js'
import { runLoad } from '../../../src/load/run-load.js'
import { quantiles } from '../../../src/load/statistics.js'
import { listening, startProcess } from '../../support/service-process.js'
import { report } from '../report.js'

const DEADLINE_MS = 2000
const OVERLOAD = 3
/** Of saturation: loads among which the peak is. */
const SHARES = [0.7, 0.85, 1]
const CLIENTS = 32
const LEAST_GOODPUT = 0.9
const LEAST_IN_TIME = 0.99
const MOST_HEALTH_MS = 100
const HEALTH_EVERY_MS = 100

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' }, write: { type: 'boolean' } } })
const seconds = 60 * Number(values.minutes)
/** Of each of the lower loads, and of what comes before anything is counted. */
const shortS = Math.min(30, seconds / 4)
const warmupS = Math.min(5, seconds / 4)

const service = startProcess({ FEWSTEP_MODEL: DEFAULT_MODEL, FEWSTEP_THREADS: '0', FEWSTEP_WARM_UP_MS: '2000', FEWSTEP_CACHE_DIR: 'none' })
const url = await listening(service)

async function load (loop: LoadOptions['loop'], durationS: number) {
  return await runLoad(loadOptions({ url }, { loop, durationS, warmupS, deadlineMs: loop.kind === 'open' ? DEADLINE_MS : undefined }))
}

/** ms that each of many took, until `over`. */
async function healthTimes (over: AbortSignal): Promise<number[]> {
  const times = []
  while (!over.aborted) {
    const begin = performance.now()
    const { ok } = await fetch(`${url}/health/live`)
    if (!ok) throw new Error('it is not alive')
    times.push(performance.now() - begin)
    await delay(HEALTH_EVERY_MS)
  }
  return times
}

const { answeredPerSecond: saturation } = await load({ kind: 'closed', concurrency: CLIENTS }, shortS)
let peak = 0
for (const share of SHARES) {
  const { goodput } = await load({ kind: 'open', arrivals: 'poisson', rate: share * saturation }, shortS)
  peak = Math.max(peak, goodput?.perSecond ?? 0)
}
const over = new AbortController()
const health = healthTimes(over.signal)
const { goodput, latencyMs, statuses } = await load({ kind: 'open', arrivals: 'poisson', rate: OVERLOAD * saturation }, seconds)
over.abort()
const live = quantiles(await health)
service.kill('SIGTERM')
const [code] = await once(service, 'close') as [number | null]

const ratio = (goodput?.perSecond ?? 0) / peak
const countOf = (wanted: string): number => statuses.find(({ status }) => status === wanted)?.count ?? 0
/** Of those that were let in: 504 are those that were not done in time. */
const inTime = countOf('200') / (countOf('200') + countOf('504'))
const [liveP99, liveMax] = [live?.p99 ?? Infinity, live?.max ?? Infinity]
await report({
  trial: `overload at ${OVERLOAD} x saturation for ${values.minutes} minutes`,
  seen: `${(goodput?.perSecond ?? 0).toFixed(1)} requests a second answered within ${DEADLINE_MS} ms, ${ratio.toFixed(2)} x of the most at lower loads ` +
    `(saturation ${saturation.toFixed(1)}); of those let in ${(100 * inTime).toFixed(2)} % in time, half of them within ` +
    `${Math.round(latencyMs?.p50 ?? NaN)} ms; ` +
    `statuses ${statuses.map(({ status, count }) => `${status}: ${count}`).join(', ')}; ` +
    `/health/live ${liveP99.toFixed(1)} ms at the 99th percentile, ${liveMax.toFixed(1)} at most; exit code ${code}`,
  kept: ratio >= LEAST_GOODPUT && inTime >= LEAST_IN_TIME && liveP99 < MOST_HEALTH_MS && code === 0
}, { write: values.write })
