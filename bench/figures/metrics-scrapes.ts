/** What is left of the throughput while /metrics is read again and again, as routers for inference do. */
import { Agent, get } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLIENTS, rateOf, rateRatio } from '../lib/rates.js'
import { Service } from '../lib/service.js'
import { median } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const SCRAPES_A_SECOND = 20

async function measure (): Promise<Measurement> {
  const service = await Service.start()
  try {
    const rate = await rateOf(service)
    const scrapeMs: number[] = []
    const ratio = await rateRatio((window) => whileScraping(service, scrapeMs, () => rate(window)), rate)
    const detail = { clients: CLIENTS, scrapesASecond: SCRAPES_A_SECOND, scrapes: scrapeMs.length, scrapeMs: median(scrapeMs) }
    return { ...ratio, unit: '×', detail }
  } finally {
    await service.stop()
  }
}

/** @param scrapeMs takes the time of each scrape */
async function whileScraping<T> (service: Service, scrapeMs: number[], work: () => Promise<T>): Promise<T> {
  const state = { over: false }
  const agent = new Agent({ keepAlive: true })
  const scrapes = (async () => {
    while (!state.over) {
      const begin = performance.now()
      await scrape(`${service.url}/metrics`, agent)
      scrapeMs.push(performance.now() - begin)
      await sleep(Math.max(0, 1000 / SCRAPES_A_SECOND - (performance.now() - begin)))
    }
  })()
  try {
    return await work()
  } finally {
    state.over = true
    await scrapes
    agent.destroy()
  }
}

/** With as little work as a client can have: what it takes is taken from the service, on a machine that both fill. */
async function scrape (url: string, agent: Agent): Promise<string> {
  return await new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => { text(answer).then(resolve, reject) }).on('error', reject)
  })
}

export const metricsScrapes: Figure = {
  name: 'metrics_scrapes',
  about: `rows a second with /metrics read ${SCRAPES_A_SECOND} times a second over those without, ${CLIENTS} clients`,
  goal: { atLeast: 0.98 },
  measure
}
