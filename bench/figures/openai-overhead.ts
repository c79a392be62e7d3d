/** What OpenAI's dialect costs beside fewstep's own: the same generation asked for in both. */
import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { startServer } from '../../src/server/server.js'
import { LENGTH, STEPS } from '../lib/crowd.js'
import { sideBySide } from '../lib/measure.js'
import type { Figure, Measurement } from './figure.js'

const ROUNDS = 31
const REQUESTS_A_ROUND = 5

async function measure (): Promise<Measurement> {
  const config = { ...readConfig({}), port: 0, executionProvider: 'cpu' as const, workers: 1 }
  const server = await startServer(config, pino({ level: 'silent' }))
  const asked = (path: string) => async () => {
    for (let seed = 0; seed < REQUESTS_A_ROUND; seed++) {
      const response = await fetch(server.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ max_tokens: LENGTH, steps: STEPS, seed, temperature: 0.7 })
      })
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
      await response.json()
    }
  }
  try {
    const ratio = await sideBySide(asked('/v1/completions'), asked('/v1/generate'), { rounds: ROUNDS, warmUpRounds: 2 })
    return {
      value: ratio.value,
      spread: ratio.spread,
      unit: '×',
      detail: { openaiMs: ratio.firstMs / REQUESTS_A_ROUND, nativeMs: ratio.secondMs / REQUESTS_A_ROUND, tokens: LENGTH, steps: STEPS }
    }
  } finally {
    await server.stop()
  }
}

export const openAiOverhead: Figure = {
  name: 'openai_overhead',
  about: `POST /v1/completions over POST /v1/generate, ${STEPS} steps of ${LENGTH} tokens`,
  goal: { atMost: 1.02 },
  measure
}
