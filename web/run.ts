/** One request or two at once, refinement by refinement into the state. */
import { Fewstep, type GenerateRequest, type ModelCard } from '../src/client/index.js'
import type { Action } from './state.js'
import { newLane } from './take.js'

/** Relative to the page, so that a proxy may have it under a prefix. */
export const BASE = new URL('.', document.baseURI).href.replace(/\/$/, '')

/** The key stays here, in memory. */
let apiKey: string | undefined

export function setKey (key: string): void {
  apiKey = key === '' ? undefined : key
}

export function hasKey (): boolean {
  return apiKey !== undefined
}

function client (): Fewstep {
  return new Fewstep({ baseURL: BASE, apiKey })
}

export async function listModels (): Promise<ModelCard[]> {
  return await client().models()
}

/**
 * Run them side by side, until all have ended.
 * @returns what went wrong, if anything did, and of which of them
 */
export async function runAll (
  requests: readonly GenerateRequest[], signal: AbortSignal, dispatch: (action: Action) => void
): Promise<Array<{ lane: number, error: unknown }>> {
  const sent = requests.map((request) => ({ ...request, confidence: true }))
  dispatch({ type: 'began', lanes: sent.map((request) => newLane(request)) })
  const fewstep = client()
  const outcomes = await Promise.allSettled(sent.map(async (request, lane) => {
    for await (const item of fewstep.stream(request, { signal })) dispatch({ type: 'arrived', lane, item })
  }))
  dispatch({ type: 'ended' })
  return outcomes.flatMap((outcome, lane) => outcome.status === 'rejected' ? [{ lane, error: outcome.reason as unknown }] : [])
}
