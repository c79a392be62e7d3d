/** From texts to be scored to a request that the engine takes. Past this, nothing is checked again. */
import { randomInt, randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { lengthBucket } from '../diffusion/canvas.js'
import { GIVEN, OPEN, SCORED } from '../diffusion/likelihood.js'
import type { GenerationRequest, Sampling } from '../engine/request.js'
import { FewstepError } from '../errors.js'
import { canScore } from '../model/manifest.js'
import type { Model } from '../model/model.js'
import { GivenText } from './canvas-layout.js'
import { RANDOM_SEED_LIMIT } from './prepare.js'
import type { Price } from './price.js'
import { DEFAULT_SAMPLES, type ScoreRequest } from './score-request.js'
import { partsOf, type TemplatePart } from './template.js'
import { checkWellFormed } from './well-formed.js'

/** Nothing that bends the posterior. */
const NEUTRAL: Sampling = { solver: 'cumulative', jumps: 'independent', temperature: 1, topK: 0, topP: 1 }

/** What stands around the texts that are scored: text, and gaps that are noise meanwhile, one of choices as long as the longest of them. */
export type Surroundings = readonly TemplatePart[]

export interface Scoring {
  readonly before: Surroundings
  readonly texts: readonly string[]
  readonly after: Surroundings
  /** Of the request, where something does not fit. */
  readonly field: 'continuations' | 'template'
}

export interface PreparedScore {
  readonly model: Model
  /** What is scored, and how many tokens each has. */
  readonly texts: ReadonlyArray<{ readonly text: string, readonly tokens: number }>
  readonly promptTokens: number
  readonly field: Scoring['field']
  readonly seed: number
  readonly samples: number
  readonly engineRequest: GenerationRequest
}

/**
 * @param request with values in the ranges that its fields document
 * @throws FewstepError not_supported, invalid_request, invalid_template or prompt_too_long
 */
export async function prepareScore (model: Model, request: ScoreRequest, id: string = randomUUID()): Promise<PreparedScore> {
  checkScores(model)
  return await prepareScoring(model, scoringOf(model, request), { id, ...request })
}

export interface ScoringOptions extends Pick<ScoreRequest, 'allowSpecial' | 'samples' | 'seed' | 'deadlineMs'> {
  readonly id: string
}

/** @throws FewstepError invalid_request or prompt_too_long */
export async function prepareScoring (
  model: Model, { before, texts, after, field }: Scoring, options: ScoringOptions
): Promise<PreparedScore> {
  const { id, allowSpecial, samples = DEFAULT_SAMPLES, seed = randomInt(RANDOM_SEED_LIMIT), deadlineMs } = options
  const readerOf = (): Encode => {
    const given = new GivenText(model, field, allowSpecial)
    return (text) => {
      checkWellFormed(field, text)
      return given.encode(text)
    }
  }
  const surroundings = readerOf()
  const canvas = new Canvas(before, surroundings, model.manifest.max_length)
  const rest = new Canvas(after, surroundings, model.manifest.max_length)
  const encoded: number[][] = []
  for (const text of texts) {
    // Each may take some milliseconds; others are served between them.
    if (encoded.length > 0) await nextTurn()
    encoded.push(readerOf()(text))
  }
  const beside = canvas.tokens.length + rest.tokens.length
  for (const ids of encoded) checkLength(model, field, beside, ids.length)
  return {
    model,
    texts: texts.map((text, i) => ({ text, tokens: encoded[i]?.length ?? 0 })),
    promptTokens: canvas.given + rest.given,
    field,
    seed,
    samples,
    engineRequest: {
      id,
      scores: true,
      rows: encoded.map((ids) => ({
        seed,
        template: {
          tokens: Int32Array.from([...canvas.tokens, ...ids, ...rest.tokens]),
          editable: Uint8Array.from([...canvas.roles, ...ids.map(() => SCORED), ...rest.roles])
        }
      })),
      budget: { kind: 'exact', stepSizes: new Float64Array(samples).fill(1 / samples) },
      sampling: NEUTRAL,
      deadlineMs
    }
  }
}

/** @throws FewstepError not_supported */
export function checkScores ({ manifest }: Pick<Model, 'manifest'>): void {
  if (canScore(manifest)) return
  throw new FewstepError('not_supported',
    `${manifest.name} has a step graph of version ${manifest.graph.version}, which cannot tell how probable a text is; export the model ` +
    'again, or name another one in model', { field: 'model' })
}

/** The most that it can cost, which is what it does cost. */
export function priceOfScore ({ model, samples, engineRequest: { rows } }: PreparedScore): Price {
  const lengths = rows.map(({ template }) => lengthBucket(template.tokens.length, model.manifest.max_length))
  return { canvases: rows.length, positions: samples * lengths.reduce((sum, length) => sum + length, 0) }
}

type Encode = (text: string) => number[]

/** Surroundings as tokens with their roles. */
class Canvas {
  readonly tokens: number[] = []
  readonly roles: number[] = []
  given = 0

  /** @param maxLength beyond which no more are read: they do not fit anyway */
  constructor (parts: Surroundings, encode: Encode, maxLength: number) {
    for (const part of parts) {
      if (this.tokens.length > maxLength) return
      this.#add(part, encode)
    }
  }

  #add (part: Surroundings[number], encode: Encode): void {
    if ('text' in part) {
      const added = encode(part.text)
      this.given += added.length
      for (const token of added) this.#push(token, GIVEN)
    } else {
      const length = 'gap' in part ? part.gap : Math.max(...part.choices.map((choice) => encode(choice).length))
      for (let i = 0; i < length; i++) this.#push(0, OPEN)
    }
  }

  #push (token: number, role: number): void {
    this.tokens.push(token)
    this.roles.push(role)
  }
}

function scoringOf (model: Model, { prompt, continuations, suffix, template }: ScoreRequest): Scoring {
  if (template !== undefined) {
    for (const [field, value] of Object.entries({ prompt, continuations, suffix })) {
      if (value !== undefined) throw invalid(field, `${field} and template exclude each other; leave one of them out`)
    }
    return scoringOfTemplate(partsOf(template, model.manifest.max_length))
  }
  if (continuations === undefined) {
    throw invalid('continuations',
      'there is nothing to score: send continuations, or a template with a gap of choices, as in "The ball is [[red|blue]]."')
  }
  // As before what is generated, a space at the prompt's end belongs to the continuation.
  const space = prompt?.endsWith(' ') === true ? ' ' : ''
  return {
    before: [{ text: prompt?.slice(0, prompt.length - space.length) ?? '' }],
    texts: continuations.map((text) => space + text),
    after: [{ text: suffix ?? '' }],
    field: 'continuations'
  }
}

function scoringOfTemplate (parts: readonly TemplatePart[]): Scoring {
  const at = parts.findIndex((part) => 'choices' in part)
  const choice = parts[at]
  if (choice === undefined || !('choices' in choice) || parts.filter((part) => 'choices' in part).length > 1) {
    throw new FewstepError('invalid_template',
      'template must have one gap of choices, as in "The ball is [[red|blue]].", to be scored; gaps as [[4]] are noise meanwhile', { field: 'template' })
  }
  return scoringAt(parts, at, choice.choices)
}

/** Of the texts that a template's part may be. */
export function scoringAt (parts: readonly TemplatePart[], at: number, texts: readonly string[]): Scoring {
  return { before: parts.slice(0, at), texts, after: parts.slice(at + 1), field: 'template' }
}

function checkLength ({ manifest }: Model, field: Scoring['field'], beside: number, tokens: number): void {
  const { max_length: maxLength } = manifest
  if (tokens === 0) throw invalid(field, `${field} has a text without tokens, of which there is nothing to score; leave it out`)
  if (beside + tokens <= maxLength) return
  throw new FewstepError('prompt_too_long',
    `${field} has a text that takes ${tokens} tokens or more beside ${beside} others, and the model's canvas has ${maxLength}; ` +
    'shorten one of them', { field })
}

function invalid (field: string, message: string): FewstepError {
  return new FewstepError('invalid_request', message, { field })
}
