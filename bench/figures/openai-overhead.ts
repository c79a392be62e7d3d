/** What OpenAI's dialect costs beside fewstep's own: the same generation asked for in both. */
import { LENGTH, STEPS } from '../lib/crowd.js'
import { posted, servedRatio } from '../lib/served-ratio.js'
import type { Figure, Measurement } from './figure.js'

async function measure (): Promise<Measurement> {
  const { value, spread, firstMs: openaiMs, secondMs: nativeMs } = await servedRatio(posted('/v1/completions'), posted('/v1/generate'))
  return { value, spread, unit: '×', detail: { openaiMs, nativeMs, tokens: LENGTH, steps: STEPS } }
}

export const openAiOverhead: Figure = {
  name: 'openai_overhead',
  about: `POST /v1/completions over POST /v1/generate, ${STEPS} steps of ${LENGTH} tokens`,
  goal: { atMost: 1.02 },
  measure
}
