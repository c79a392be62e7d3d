/** Gaps of choices in a template: which of its texts each takes. */
import type { Model } from '../model/model.js'
import { checkScores, prepareScoring, scoringAt, type PreparedScore } from './prepare-score.js'
import type { ScoreResult, TextScore } from './score-request.js'
import { partsOf } from './template.js'
import type { TextRequest } from './text-request.js'

/** Canvases for each choice. */
const SAMPLES = 32
/** Whatever a request's seed is: the same template has the same choices, in each of its outputs. */
const SEED = 0

/** One gap, decided. */
export interface DecidedGap {
  readonly chosen: string
  readonly scores: readonly TextScore[]
}

export interface Decided {
  /** In the order of the template. */
  readonly gaps: readonly DecidedGap[]
  readonly networkCalls: number
  /** What is left of the request's deadline. */
  readonly deadlineMs: number | undefined
}

export interface ChoiceOptions {
  readonly id: string
  /** Have an engine do it. */
  readonly score: (prepared: PreparedScore) => Promise<ScoreResult>
}

/**
 * Decide the gaps of choices from left to right: each takes the text that is most probable given what the template says and the gaps
 * before it took. Gaps that are still to be filled are noise meanwhile; one of choices counts as long as its longest.
 * @returns undefined where the template has no such gap, or none at all
 * @throws FewstepError not_supported, invalid_template, prompt_too_long, and whatever `score` throws
 */
export async function decideChoices (model: Model, request: TextRequest, { id, score }: ChoiceOptions): Promise<Decided | undefined> {
  const { template, prompt, maxTokens, allowSpecial } = request
  // What does not go with a template is refused when the request is prepared.
  if (template?.includes('|') !== true || prompt !== undefined || maxTokens !== undefined) return undefined
  const parts = partsOf(template, model.manifest.max_length)
  if (!parts.some((part) => 'choices' in part)) return undefined
  checkScores(model)
  const gaps: DecidedGap[] = []
  let networkCalls = 0
  let { deadlineMs } = request
  for (const [i, part] of parts.entries()) {
    if (!('choices' in part)) continue
    const prepared = await prepareScoring(model, scoringAt(parts, i, part.choices), {
      id: `${id}-choice-${gaps.length}`, allowSpecial, deadlineMs, seed: SEED, samples: SAMPLES
    })
    const result = await score(prepared)
    const { text: chosen } = result.scores.reduce((best, each) => each.logprob > best.logprob ? each : best)
    networkCalls += result.networkCalls
    if (deadlineMs !== undefined) deadlineMs = Math.max(1, deadlineMs - result.timings.totalMs)
    gaps.push({ chosen, scores: result.scores })
    parts[i] = { text: chosen }
  }
  return { gaps, networkCalls, deadlineMs }
}
