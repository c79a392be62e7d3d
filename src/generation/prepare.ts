/** From a text request to one that the engine takes. Past this, nothing is checked again. */
import { randomInt, randomUUID } from 'node:crypto'
import type { GenerationRequest, Sampling } from '../engine/request.js'
import type { StepBudget } from '../engine/step-budget.js'
import { FewstepError } from '../errors.js'
import { isMaskedDiffusion, revealsSure } from '../model/manifest.js'
import type { Model } from '../model/model.js'
import { canvasOf } from './blocks.js'
import { layOutPrompt, layOutTemplate, type CanvasLayout } from './canvas-layout.js'
import type { Decided } from './choices.js'
import { stepBudgetOf } from './requested-steps.js'
import { DEFAULT_TEXT_LIMIT, MAX_SEED, type TextRequest } from './text-request.js'
import { checkWellFormed } from './well-formed.js'

/** Random seeds stay short enough to copy by hand. */
export const RANDOM_SEED_LIMIT = 2 ** 32

/** Of a template whose gaps are all of choices: a step that changes nothing. */
const NOTHING_TO_MAKE: StepBudget = { kind: 'exact', stepSizes: Float64Array.of(1) }

export interface PreparedGeneration {
  readonly model: Model
  /** Of a template with gaps of choices. */
  readonly decided: Decided | undefined
  readonly layout: CanvasLayout
  /** Tokens of the whole text before anything is made: the given ones, and masks, if the model has any. */
  readonly blank: Int32Array
  readonly stop: readonly string[]
  /** Before which what is made is cut: end-of-text and its like. */
  readonly endTokens: ReadonlySet<number>
  readonly ignoreEnd: boolean
  readonly engineRequest: GenerationRequest
}

export interface PrepareOptions {
  /** Of the generation; a random one where absent. */
  readonly id?: string
  /** How many tokens a text made in blocks may have. */
  readonly textLimit?: number
}

/**
 * @param request with values in the ranges that its fields document
 * @throws FewstepError invalid_request, prompt_too_long, invalid_template, invalid_block_length, invalid_schedule, invalid_solver,
 * invalid_jumps or invalid_reveal_above
 */
export function prepare (
  model: Model, request: TextRequest, { id = randomUUID(), textLimit = DEFAULT_TEXT_LIMIT }: PrepareOptions = {}
): PreparedGeneration {
  const { defaults, mask_token_id: mask } = model.manifest
  checkTexts(request)
  const law = lawOf(model, request)
  const layout = layOut(model, request, textLimit)
  const { canvas: { tokens, editable }, blocks } = layout
  const blank = tokens.map((token, i) => editable[i] === 0 ? token : mask ?? token)
  const [first, ...later] = blocks
  const template = first === undefined ? layout.canvas : canvasOf(first, blank, editable)
  const n = request.n ?? 1
  const seed = request.seed ?? randomInt(RANDOM_SEED_LIMIT)
  if (seed > MAX_SEED - (n - 1)) {
    throw new FewstepError('invalid_request',
      `seed is ${seed}, but output i is drawn with seed + i and the largest seed is ${MAX_SEED}; lower seed or n`, { field: 'seed' })
  }
  return {
    model,
    decided: request.decided,
    layout,
    blank,
    stop: request.stop ?? [],
    endTokens: new Set([...model.tokenizer.endOfTextTokenIds, ...request.endTokens ?? []]),
    ignoreEnd: request.ignoreEnd ?? false,
    engineRequest: {
      id,
      rows: Array.from({ length: n }, (_, i) => ({ seed: seed + i, template })),
      later: later.map(({ begin, end, window }) => ({ length: window.end - window.begin, made: end - begin })),
      budget: editable.includes(1) ? stepBudgetOf(request, model.manifest, isUsual(model, request, law)) : NOTHING_TO_MAKE,
      stableBelow: request.stopWhenStable,
      deadlineMs: request.deadlineMs,
      priority: request.priority,
      sampling: {
        ...law,
        revealAbove: checkedRevealAbove(model, request),
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

/** Whether tokens jump as they do by default, which is how tuned schedules were searched for. */
function isUsual ({ manifest: { defaults } }: Model, { revealAbove }: TextRequest, { solver, jumps }: Pick<Sampling, 'solver' | 'jumps'>): boolean {
  return revealAbove === undefined && solver === defaults.solver && jumps === (defaults.jumps ?? 'independent')
}

function checkedRevealAbove ({ manifest }: Model, { revealAbove }: TextRequest): number | undefined {
  if (revealAbove === undefined || revealsSure(manifest)) return revealAbove
  const { name, algorithm } = manifest
  throw new FewstepError('invalid_reveal_above', isMaskedDiffusion(manifest)
    ? `${name} takes no reveal_above: its graph was exported before there was one; leave reveal_above out, or export the model again`
    : `${name} takes no reveal_above: a step of ${algorithm} reveals nothing for good; leave reveal_above out`, { field: 'reveal_above' })
}

function layOut (model: Model, request: TextRequest, textLimit: number): CanvasLayout {
  const { prompt, promptTokens, suffix = '', template, maxTokens, blockLength } = request
  if (blockLength !== undefined && (template !== undefined || suffix !== '')) {
    const field = template === undefined ? 'suffix' : 'template'
    throw new FewstepError('invalid_block_length',
      `block_length does not go with ${field}: what stands between given texts is made at once; leave block_length out`,
      { field: 'block_length' })
  }
  if (template === undefined) return layOutPrompt(model, promptTokens ?? prompt ?? '', request, textLimit)
  if (prompt !== undefined) {
    throw new FewstepError('invalid_request',
      'prompt and template exclude each other: put the prompt at the beginning of template, or leave template out', { field: 'template' })
  }
  if (maxTokens !== undefined) {
    throw new FewstepError('invalid_request',
      'max_tokens does not go with template: its gaps say how many tokens are made, so leave max_tokens out', { field: 'max_tokens' })
  }
  return layOutTemplate(model, template, request)
}
