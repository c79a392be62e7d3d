/** From a text request to one that the engine takes. Past this, nothing is checked again. */
import { randomInt, randomUUID } from 'node:crypto'
import type { GenerationRequest } from '../engine/request.js'
import { FewstepError } from '../errors.js'
import { isMaskedDiffusion } from '../model/manifest.js'
import type { Model } from '../model/model.js'
import { layOutPrompt, layOutTemplate, type CanvasLayout } from './canvas-layout.js'
import { stepBudgetOf } from './step-budget.js'
import { MAX_SEED, type TextRequest } from './text-request.js'

/** Random seeds stay short enough to copy by hand. */
const RANDOM_SEED_LIMIT = 2 ** 32

export interface PreparedGeneration {
  readonly model: Model
  readonly layout: CanvasLayout
  readonly stop: readonly string[]
  readonly engineRequest: GenerationRequest
}

/**
 * @param request with values in the ranges that its fields document
 * @param id of the generation; a random one where absent
 * @throws FewstepError invalid_request, prompt_too_long, invalid_template, invalid_schedule or invalid_solver
 */
export function prepare (model: Model, request: TextRequest, id: string = randomUUID()): PreparedGeneration {
  const { defaults, name, algorithm } = model.manifest
  if (request.solver !== undefined && isMaskedDiffusion(model.manifest)) {
    throw new FewstepError('invalid_solver', `solver is nothing that ${name} can choose: a step of ${algorithm} reveals masked tokens by plan; leave solver out`, { field: 'solver' })
  }
  const layout = layOut(model, request)
  const n = request.n ?? 1
  const seed = request.seed ?? randomInt(RANDOM_SEED_LIMIT)
  if (seed > MAX_SEED - (n - 1)) {
    throw new FewstepError('invalid_request',
      `seed is ${seed}, but output i is drawn with seed + i and the largest seed is ${MAX_SEED}; lower seed or n`, { field: 'seed' })
  }
  return {
    model,
    layout,
    stop: request.stop ?? [],
    engineRequest: {
      id,
      rows: Array.from({ length: n }, (_, i) => ({ seed: seed + i, template: layout.canvas })),
      budget: stepBudgetOf(request, defaults),
      stableBelow: request.stopWhenStable,
      deadlineMs: request.deadlineMs,
      sampling: {
        solver: request.solver ?? defaults.solver,
        temperature: request.temperature ?? defaults.temperature,
        topK: request.topK ?? defaults.top_k,
        topP: request.topP ?? defaults.top_p
      }
    }
  }
}

function layOut (model: Model, { prompt, template, maxTokens }: TextRequest): CanvasLayout {
  if (template === undefined) return layOutPrompt(model, prompt ?? '', maxTokens)
  if (prompt !== undefined) {
    throw new FewstepError('invalid_request',
      'prompt and template exclude each other: put the prompt at the beginning of template, or leave template out', { field: 'template' })
  }
  if (maxTokens !== undefined) {
    throw new FewstepError('invalid_request',
      'max_tokens does not go with template: its gaps say how many tokens are made, so leave max_tokens out', { field: 'max_tokens' })
  }
  return layOutTemplate(model, template)
}
