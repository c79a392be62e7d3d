/** What is left of the throughput while /metrics is read again and again, as routers for inference do. */
import { Agent, get } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { crowd } from '../lib/crowd.js'
import { Service } from '../lib/service.js'
import { median, spread } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const CLIENTS = 32
const PAIRS = 20
const WINDOW_S = 2
const SCRAPES_A_SECOND = 20

async function measure (): Promise<Measurement> {
  const service = await Service.start()
  try {
    const rowsASecond = async (seed: number): Promise<number> => {
      const { rows, seconds } = await crowd(service, CLIENTS, WINDOW_S, seed)
      return rows / seconds
    }
    await rowsASecond(0)
    const ratios: number[] = []
    const scrapeMs: number[] = []
    for (let pair = 1; pair <= PAIRS; pair++) {
      const scraped = (): Promise<number> => whileScraping(service, scrapeMs, () => rowsASecond(pair))
      // Who begins changes, as the machine may slow down.
      const first = await (pair % 2 === 0 ? scraped() : rowsASecond(pair))
      const second = await (pair % 2 === 0 ? rowsASecond(pair) : scraped())
      ratios.push(pair % 2 === 0 ? first / second : second / first)
    }
    const detail = { clients: CLIENTS, scrapesASecond: SCRAPES_A_SECOND, scrapes: scrapeMs.length, scrapeMs: median(scrapeMs) }
    return { value: median(ratios), spread: spread(ratios), unit: '×', detail }
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
