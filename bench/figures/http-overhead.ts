/** What HTTP, JSON and text cost: a request over the wire against the engine called directly. */
import { namedSchedule } from '../../src/diffusion/schedule.js'
import { LENGTH, STEPS } from '../lib/crowd.js'
import { posted, servedRatio, TEMPERATURE, type Way } from '../lib/served-ratio.js'
import type { Figure, Measurement } from './figure.js'

const SAMPLING = { solver: 'cumulative', jumps: 'spread', temperature: TEMPERATURE, topK: 0, topP: 1 } as const

async function measure (): Promise<Measurement> {
  const template = { tokens: new Int32Array(LENGTH), editable: new Uint8Array(LENGTH).fill(1) }
  const budget = { kind: 'exact', stepSizes: namedSchedule('uniform', STEPS) } as const
  const direct: Way = async ({ models }, seed) =>
    await models.all[0]?.engine.generate({ id: 'bench', rows: [{ seed, template }], budget, sampling: SAMPLING })
  const { value, spread, firstMs: httpMs, secondMs: engineMs } = await servedRatio(posted('/v1/generate'), direct)
  return { value, spread, unit: '×', detail: { httpMs, engineMs, tokens: LENGTH, steps: STEPS } }
}

export const httpOverhead: Figure = {
  name: 'http_overhead',
  about: `POST /v1/generate over the engine called directly, ${STEPS} steps of ${LENGTH} tokens`,
  goal: { atMost: 1.03 },
  measure
}
