/** What HTTP, JSON and text cost: a request over the wire against the engine called directly. */
import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { namedSchedule } from '../../src/diffusion/schedule.js'
import { startServer } from '../../src/server/server.js'
import { LENGTH, STEPS } from '../lib/crowd.js'
import { sideBySide } from '../lib/measure.js'
import type { Figure, Measurement } from './figure.js'

const ROUNDS = 31
const REQUESTS_A_ROUND = 5
const SAMPLING = { solver: 'cumulative', jumps: 'spread', temperature: 0.7, topK: 0, topP: 1 } as const

async function measure (): Promise<Measurement> {
  const config = { ...readConfig({}), port: 0, executionProvider: 'cpu' as const, workers: 1 }
  const server = await startServer(config, pino({ level: 'silent' }))
  const template = { tokens: new Int32Array(LENGTH), editable: new Uint8Array(LENGTH).fill(1) }
  const budget = { kind: 'exact', stepSizes: namedSchedule('uniform', STEPS) } as const
  const repeated = (work: (seed: number) => Promise<unknown>) => async () => {
    for (let seed = 0; seed < REQUESTS_A_ROUND; seed++) await work(seed)
  }
  try {
    const ratio = await sideBySide(
      repeated(async (seed) => {
        const response = await fetch(`${server.url}/v1/generate`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ max_tokens: LENGTH, steps: STEPS, seed, temperature: SAMPLING.temperature })
        })
        await response.json()
      }),
      repeated((seed) => server.models.all[0].engine.generate({ id: 'bench', rows: [{ seed, template }], budget, sampling: SAMPLING })),
      { rounds: ROUNDS, warmUpRounds: 2 }
    )
    return {
      value: ratio.value,
      spread: ratio.spread,
      unit: '×',
      detail: { httpMs: ratio.firstMs / REQUESTS_A_ROUND, engineMs: ratio.secondMs / REQUESTS_A_ROUND, tokens: LENGTH, steps: STEPS }
    }
  } finally {
    await server.stop()
  }
}

export const httpOverhead: Figure = {
  name: 'http_overhead',
  about: `POST /v1/generate over the engine called directly, ${STEPS} steps of ${LENGTH} tokens`,
  goal: { atMost: 1.03 },
  measure
}
