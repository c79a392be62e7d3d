/** What one way of asking a service costs beside another: the same generations, a few a round. */
import { pino } from 'pino'
import { readConfig } from '../../src/config.js'
import { startServer } from '../../src/server/server.js'
import { LENGTH, STEPS } from './crowd.js'
import { sideBySide, type Ratio } from './measure.js'

const ROUNDS = 31
const REQUESTS_A_ROUND = 5
export const TEMPERATURE = 0.7

type Server = Awaited<ReturnType<typeof startServer>>
/** Have the service make the generation of a seed. */
export type Way = (server: Server, seed: number) => Promise<unknown>

/** The generation of `LENGTH` tokens in `STEPS` steps, over HTTP. */
export function posted (path: string): Way {
  return async ({ url }, seed) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ max_tokens: LENGTH, steps: STEPS, seed, temperature: TEMPERATURE })
    })
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    return await response.json()
  }
}

/** Time of `first` over time of `second`, for a service on the CPU with one worker; the medians in ms are of one generation. */
export async function servedRatio (first: Way, second: Way): Promise<Ratio> {
  const config = { ...readConfig({}), port: 0, executionProvider: 'cpu' as const, workers: 1 }
  const server = await startServer(config, pino({ level: 'silent' }))
  const repeated = (way: Way) => async () => {
    for (let seed = 0; seed < REQUESTS_A_ROUND; seed++) await way(server, seed)
  }
  try {
    const ratio = await sideBySide(repeated(first), repeated(second), { rounds: ROUNDS, warmUpRounds: 2 })
    return { ...ratio, firstMs: ratio.firstMs / REQUESTS_A_ROUND, secondMs: ratio.secondMs / REQUESTS_A_ROUND }
  } finally {
    await server.stop()
  }
}
