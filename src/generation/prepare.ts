/** From a text request to one that the engine takes. Past this, nothing is checked again. */
import { randomInt, randomUUID } from 'node:crypto'
import type { GenerationRequest, Sampling } from '../engine/request.js'
import { FewstepError } from '../errors.js'
import { isMaskedDiffusion } from '../model/manifest.js'
import type { Model } from '../model/model.js'
import { layOutPrompt, layOutTemplate, type CanvasLayout } from './canvas-layout.js'
import { stepBudgetOf } from './requested-steps.js'
import { MAX_SEED, type TextRequest } from './text-request.js'
import { checkWellFormed } from './well-formed.js'

/** Random seeds stay short enough to copy by hand. */
const RANDOM_SEED_LIMIT = 2 ** 32

export interface PreparedGeneration {
  readonly model: Model
  readonly layout: CanvasLayout
  readonly stop: readonly string[]
  /** Before which what is made is cut: end-of-text and its like. */
  readonly endTokens: ReadonlySet<number>
  readonly ignoreEnd: boolean
  readonly engineRequest: GenerationRequest
}

/**
 * @param request with values in the ranges that its fields document
 * @param id of the generation; a random one where absent
 * @throws FewstepError invalid_request, prompt_too_long, invalid_template, invalid_schedule, invalid_solver or invalid_jumps
 */
export function prepare (model: Model, request: TextRequest, id: string = randomUUID()): PreparedGeneration {
  const { defaults } = model.manifest
  checkTexts(request)
  const law = lawOf(model, request)
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
    endTokens: new Set([...model.tokenizer.endOfTextTokenIds, ...request.endTokens ?? []]),
    ignoreEnd: request.ignoreEnd ?? false,
    engineRequest: {
      id,
      rows: Array.from({ length: n }, (_, i) => ({ seed: seed + i, template: layout.canvas })),
      budget: stepBudgetOf(request, defaults),
      stableBelow: request.stopWhenStable,
      deadlineMs: request.deadlineMs,
      sampling: {
        ...law,
        temperature: request.temperature ?? defaults.temperature,
        topK: request.topK ?? defaults.top_k,
        topP: request.topP ?? defaults.top_p
      }
    }
  }
}

function checkTexts ({ prompt = '', suffix = '', template = '', stop = [] }: TextRequest): void {
  for (const [field, text] of Object.entries({ prompt, suffix, template })) checkWellFormed(field, text)
  for (const text of stop) checkWellFormed('stop', text)
}

/** How tokens jump in a step; masked diffusion has no such choice. */
function lawOf ({ manifest }: Model, { solver, jumps }: TextRequest): Pick<Sampling, 'solver' | 'jumps'> {
  const { name, algorithm, defaults } = manifest
  if (isMaskedDiffusion(manifest)) {
    if (solver === undefined && jumps === undefined) return { solver: defaults.solver, jumps: 'independent' }
    const field = solver === undefined ? 'jumps' : 'solver'
    throw new FewstepError(`invalid_${field}`,
      `${name} takes no ${field}: a step of ${algorithm} reveals masked tokens by plan; leave ${field} out`, { field })
  }
  const chosen = solver ?? defaults.solver
  if (chosen === 'cumulative') return { solver: chosen, jumps: jumps ?? defaults.jumps ?? 'independent' }
  if (jumps === 'spread') {
    throw new FewstepError('invalid_jumps',
      `jumps can be spread only where the solver is cumulative, not ${chosen}; leave jumps out, or solver`, { field: 'jumps' })
  }
  return { solver: chosen, jumps: 'independent' }
}

function layOut (model: Model, request: TextRequest): CanvasLayout {
  const { prompt, promptTokens, template, maxTokens, allowSpecial } = request
  if (template === undefined) return layOutPrompt(model, promptTokens ?? prompt ?? '', request)
  if (prompt !== undefined) {
    throw new FewstepError('invalid_request',
      'prompt and template exclude each other: put the prompt at the beginning of template, or leave template out', { field: 'template' })
  }
  if (maxTokens !== undefined) {
    throw new FewstepError('invalid_request',
      'max_tokens does not go with template: its gaps say how many tokens are made, so leave max_tokens out', { field: 'max_tokens' })
  }
  return layOutTemplate(model, template, allowSpecial)
}
