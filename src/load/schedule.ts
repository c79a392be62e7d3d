/** What is sent and when: the same for the same options. */
import { arrivalTimes } from './arrivals.js'
import { pick, uniforms } from './random.js'
import type { LoadOptions } from './options.js'

/** A stream of random numbers of its own, so that another mix arrives at the same times. */
const MIX_STREAM = 1

/** Arrivals of an open loop in ms from the start, warm-up included. */
export function * schedule ({ loop, durationS, warmupS, seed }: Pick<LoadOptions, 'loop' | 'durationS' | 'warmupS' | 'seed'>): Generator<number, void, undefined> {
  if (loop.kind === 'closed') return
  const endMs = 1000 * (warmupS + durationS)
  for (const at of arrivalTimes({ process: loop.arrivals, perSecond: loop.rate, seed })) {
    if (at >= endMs) return
    yield at
  }
}

/** Endless bodies of POST /v1/generate. */
export function * requestBodies (options: Pick<LoadOptions, 'maxTokens' | 'steps' | 'prompts' | 'stream' | 'deadlineMs' | 'seed'>): Generator<string, never, undefined> {
  const { maxTokens, steps, prompts, stream, deadlineMs, seed } = options
  const uniform = uniforms(seed, MIX_STREAM)
  for (let i = 0; ; i++) {
    const { min, max } = pick(steps, uniform)
    yield JSON.stringify({
      ...(prompts.length > 0 ? { prompt: pick(prompts, uniform) } : {}),
      max_tokens: pick(maxTokens, uniform),
      steps: min === max ? max : { min, max },
      seed: seed + i,
      ...(stream ? { stream } : {}),
      ...(deadlineMs === undefined ? {} : { deadline_ms: deadlineMs })
    })
  }
}
