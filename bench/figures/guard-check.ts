/** What the guard costs a request, in processor time: its key found among many, its limits counted, its work admitted and paid. */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { Exchange } from '../../src/http/fastify.js'
import { Guard } from '../../src/http/guard/guard.js'
import { makeKey } from '../../src/http/guard/key-line.js'
import { Keyring } from '../../src/http/guard/keyring.js'
import { median, spread } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const KEYS = 1000
const ROUNDS = 31
const CHECKS_A_ROUND = 1000
/** High enough to be counted and never reached. */
const LIMIT = 1_000_000_000
const SETTINGS = {
  metricsAccess: 'open', requestsPerMinute: LIMIT, positionsPerMinute: LIMIT, canvasesAtOnce: LIMIT, failedKeysPerMinute: 1
} as const

async function measure (): Promise<Measurement> {
  const keys = Array.from({ length: KEYS }, makeKey)
  const keyring = await Keyring.open({ apiKeysFile: undefined, adminKeys: [], apiKeys: keys.map((key, i) => `key-${i}:${key}`) }, pino({ enabled: false }))
  const guard = new Guard({ settings: SETTINGS, keyring, registry: new Registry() })
  const price = { canvases: 1, positions: 1024 }
  const check = (i: number): void => {
    const exchange = exchangeWith(keys[i % KEYS] ?? '')
    guard.letIn(exchange)
    guard.admit(exchange, price).end(512)
  }
  const times: number[] = []
  for (let round = -1; round < ROUNDS; round++) {
    const begin = process.cpuUsage()
    for (let i = 0; i < CHECKS_A_ROUND; i++) check(i)
    const { user, system } = process.cpuUsage(begin)
    if (round >= 0) times.push((user + system) / 1000 / CHECKS_A_ROUND)
  }
  return { value: median(times), spread: spread(times), unit: 'ms', detail: { keys: KEYS } }
}

/** What the guard asks of a request and its answer, and no more. */
function exchangeWith (key: string): Exchange {
  const headers = new Map<string, string>()
  return {
    request: { raw: {}, ip: '192.0.2.1', headers: { authorization: `Bearer ${key}` }, routeOptions: { url: '/v1/generate' } },
    reply: { header: (name: string, value: string) => headers.set(name, value) }
  } as unknown as Exchange
}

export const guardCheck: Figure = {
  name: 'guard_check',
  about: `a request's key, one of ${KEYS}, and all three of its limits, checked and paid`,
  goal: { atMost: 0.1 },
  measure
}
