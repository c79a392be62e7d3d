/** From the fields of this dialect to the generation room's. */
import type { TextRequest } from '../../generation/index.js'
import { toDiffusionOptions } from '../generation/options.js'
import { stepsFor } from './efforts.js'
import { USUAL_TOKENS, type CompletionRequest } from './schemas/completion.js'
import type { SharedFields } from './schemas/shared.js'

/** No token is so improbable: what holds this much is the most probable one. */
const TINY = 1e-6

export function toSharedOptions (body: SharedFields): TextRequest {
  const { stop, seed, top_k: topK } = body
  return {
    ...toDiffusionOptions(body),
    topK: topK === -1 ? 0 : topK,
    steps: stepsFor(body.reasoning_effort, body),
    temperature: body.temperature,
    topP: body.top_p === undefined ? undefined : Math.max(TINY, body.top_p),
    seed: seed === -1 ? undefined : seed,
    n: body.n,
    stop: typeof stop === 'string' ? [stop] : stop,
    endTokens: body.stop_token_ids,
    ignoreEnd: body.ignore_eos,
    allowSpecial: body.allow_special
  }
}

/** A request for each prompt. */
export function toTextRequests (body: CompletionRequest): TextRequest[] {
  const options: TextRequest = {
    ...toSharedOptions(body),
    n: body.best_of ?? body.n,
    suffix: body.suffix,
    maxTokens: body.max_tokens,
    usualTokens: USUAL_TOKENS
  }
  return promptsOf(body.prompt).map((prompt) => typeof prompt === 'string' ? { ...options, prompt } : { ...options, promptTokens: prompt })
}

function promptsOf (prompt: CompletionRequest['prompt'] = ''): ReadonlyArray<string | readonly number[]> {
  if (typeof prompt === 'string') return [prompt]
  return typeof prompt[0] === 'number' ? [prompt as number[]] : prompt as string[] | number[][]
}
