/** How long one request can keep everybody else waiting, whatever it says. */
import { Agent, request } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { Service } from '../lib/service.js'
import { median } from '../../src/load/statistics.js'
import { WORST_BODIES, type WorstBody } from '../lib/worst-bodies.js'
import type { Figure, Measurement } from './figure.js'

const ROUNDS = 3

interface Hold extends Pick<WorstBody, 'name'> {
  readonly status: number
  readonly ms: number
}

async function measure (): Promise<Measurement> {
  const service = await Service.start()
  const agent = new Agent({ keepAlive: true })
  try {
    const holds: Hold[] = []
    for (const worst of WORST_BODIES) {
      const rounds: Array<Omit<Hold, 'name'>> = []
      for (let round = 0; round < ROUNDS; round++) rounds.push(await holdOf(service.url, worst, agent))
      holds.push({ name: worst.name, status: rounds[0]?.status ?? NaN, ms: median(rounds.map(({ ms }) => ms)) })
    }
    holds.sort((a, b) => b.ms - a.ms)
    const [longest] = holds
    if (longest === undefined) throw new Error('there is nothing to ask')
    return { value: longest.ms, spread: { low: holds.at(-1)?.ms ?? NaN, high: longest.ms }, unit: 'ms', detail: { holds } }
  } finally {
    agent.destroy()
    await service.stop()
  }
}

/** The longest time that a health check takes while the request is read and answered, less what one takes before. */
async function holdOf (url: string, { path, body }: WorstBody, agent: Agent): Promise<Omit<Hold, 'name'>> {
  const idle: number[] = []
  for (let i = 0; i < 20; i++) idle.push(await healthMs(url, agent))
  const state = { answered: false }
  const answer = post(`${url}${path}`, body, agent).finally(() => { state.answered = true })
  let longest = 0
  while (!state.answered) {
    longest = Math.max(longest, await healthMs(url, agent))
    await turn()
  }
  return { status: await answer, ms: Math.max(0, longest - median(idle)) }
}

async function healthMs (url: string, agent: Agent): Promise<number> {
  const begin = performance.now()
  await status(request(`${url}/health/live`, { agent }))
  return performance.now() - begin
}

async function post (url: string, body: string, agent: Agent): Promise<number> {
  return await status(request(url, { agent, method: 'POST', headers: { 'content-type': 'application/json' } }), body)
}

async function status (asked: ReturnType<typeof request>, body = ''): Promise<number> {
  return await new Promise((resolve, reject) => {
    asked.on('error', reject).on('response', (response) => {
      response.resume().on('end', () => { resolve(response.statusCode ?? NaN) }).on('error', reject)
    }).end(body)
  })
}

export const eventLoopHold: Figure = {
  name: 'event_loop_hold',
  about: `the longest that another request waits for the event loop, over ${WORST_BODIES.length} bodies made to hold it`,
  goal: { atMost: 50 },
  measure
}
