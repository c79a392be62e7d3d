/** How a request's text lies on its canvas. */
import type { CanvasTemplate } from '../engine/request.js'
import { FewstepError } from '../errors.js'
import type { Model } from '../model/model.js'
import type { EncodeOptions } from '../model/tokenizer.js'
import { onlyBlock, planBlocks, type Block } from './blocks.js'
import { parseTemplate } from './template.js'
import { DEFAULT_MAX_TOKENS, type TextRequest } from './text-request.js'

/** Neighbouring positions that are all given or all to be made. */
export interface Segment {
  readonly begin: number
  readonly end: number
  readonly editable: boolean
  /** Of a gap of choices: which one, from 0. */
  readonly choice?: number
}

export interface CanvasLayout {
  /** Of the whole text: one canvas, or more positions than a canvas has, which are made in blocks. */
  readonly canvas: CanvasTemplate
  /** In the order in which they are made; at least one. */
  readonly blocks: readonly Block[]
  /** The part of the canvas that an output's text covers, in order and without holes. */
  readonly segments: readonly Segment[]
  /** A template's text covers what was given, too; that of a prompt's continuation does not. */
  readonly isTemplate: boolean
  /** Whether a space before the first segment was left to it: what is made then brings one, which its reader already has. */
  readonly followsSpace: boolean
  readonly promptTokens: number
}

/**
 * No sensible text has more bytes a token on average; English has four or five. Longer ones are refused before they are tokenised:
 * that takes some milliseconds for every ten thousand bytes, in which nobody else is served.
 */
const MAX_BYTES_PER_TOKEN = 16
/** Tokens are counted up to so many canvases: who is a little above the limit is told by how much. */
const COUNTED_CANVASES = 2

/** Bytes of text that are looked at for a canvas: longer ones cannot fit. */
export function maxTextBytes ({ manifest }: Model): number {
  return manifest.max_length * MAX_BYTES_PER_TOKEN
}

/** Tokenises what a field of a request gives, in one text or several, as far as it is worth it. */
export class GivenText {
  readonly #model: Model
  readonly #field: string
  readonly #options: EncodeOptions
  #bytes = 0

  constructor (model: Model, field: string, allowSpecial: boolean | undefined) {
    this.#model = model
    this.#field = field
    this.#options = { allowSpecial, limit: countedTokens(model) }
  }

  /**
   * @returns its tokens; where they are more than are counted, not all of them
   * @throws FewstepError prompt_too_long where the texts so far are too long for any sensible tokens to fit
   */
  encode (text: string): number[] {
    const { max_length: maxLength } = this.#model.manifest
    this.#bytes += Buffer.byteLength(text)
    if (this.#bytes <= maxTextBytes(this.#model)) return this.#model.tokenizer.encode(text, this.#options)
    throw new FewstepError('prompt_too_long',
      `${this.#field} has more than ${maxTextBytes(this.#model)} bytes of text, far more than the ${maxLength} tokens of the ` +
      'model\'s canvas hold; shorten it',
      { field: this.#field })
  }
}

function countedTokens ({ manifest }: Model): number {
  return COUNTED_CANVASES * manifest.max_length
}

/** How many tokens there are, as far as they were counted. */
function count (model: Model, tokens: number): string {
  const most = countedTokens(model)
  return tokens > most ? `more than ${most}` : String(tokens)
}

export type PromptOptions = Pick<TextRequest, 'suffix' | 'maxTokens' | 'usualTokens' | 'blockLength' | 'allowSpecial'>

/**
 * The prompt's tokens, frozen, and `maxTokens` positions to be made after them, in blocks if they are more than the canvas has room for
 * or `blockLength` says so. A space at its end is left to them, as before a template's gap.
 * @param textLimit how many may be made in blocks
 * @throws FewstepError prompt_too_long, invalid_block_length, or invalid_request where tokens are none of the model's
 */
export function layOutPrompt (model: Model, prompt: string | readonly number[], options: PromptOptions, textLimit: number): CanvasLayout {
  const { maxTokens, usualTokens = DEFAULT_MAX_TOKENS, allowSpecial } = options
  const followsSpace = typeof prompt === 'string' && prompt.endsWith(' ')
  const given = typeof prompt === 'string'
    ? new GivenText(model, 'prompt', allowSpecial).encode(followsSpace ? prompt.slice(0, -1) : prompt)
    : checkedTokens(model, prompt)
  const suffix = new GivenText(model, 'suffix', allowSpecial).encode(options.suffix ?? '')
  const promptTokens = given.length + suffix.length
  const room = roomBeside(model, given, suffix)
  const made = maxTokens ?? Math.min(usualTokens, room)
  if (made > room && (suffix.length > 0 || made > textLimit)) throw tooMuchMade(model, { made, promptTokens, room, textLimit, suffix })
  const length = promptTokens + made
  const begin = given.length
  const end = begin + made
  const tokens = new Int32Array(length)
  tokens.set(given)
  tokens.set(suffix, end)
  return {
    canvas: { tokens, editable: new Uint8Array(length).fill(1, begin, end) },
    blocks: suffix.length > 0 ? onlyBlock(length) : planBlocks(model, { begin, end }, options.blockLength),
    segments: [{ begin, end, editable: true }],
    isTemplate: false,
    followsSpace,
    promptTokens
  }
}

function chosenFor (choice: number, decided: TextRequest['decided']): string {
  const gap = decided?.gaps[choice]
  if (gap === undefined) throw new Error('a template is laid out once its choices are decided')
  return gap.chosen
}

/** Tokens that are left to be made; at least one. */
function roomBeside (model: Model, prompt: readonly number[], suffix: readonly number[]): number {
  const { max_length: maxLength } = model.manifest
  const given = prompt.length + suffix.length
  if (given < maxLength) return maxLength - given
  const field = suffix.length > prompt.length ? 'suffix' : 'prompt'
  throw new FewstepError('prompt_too_long',
    `${suffix.length === 0 ? 'prompt has' : 'prompt and suffix have'} ${count(model, given)} tokens and the model's canvas ${maxLength}, ` +
    `generated ones included; shorten the ${field} to at most ${maxLength - 1}${suffix.length === 0 ? '' : ' tokens together'}`, { field })
}

function tooMuchMade (model: Model, { made, promptTokens, room, textLimit, suffix }: {
  readonly made: number
  readonly promptTokens: number
  readonly room: number
  readonly textLimit: number
  readonly suffix: readonly number[]
}): FewstepError {
  if (suffix.length === 0) {
    return new FewstepError('prompt_too_long',
      `max_tokens is ${made}, but this server makes at most ${Math.max(textLimit, room)}; lower max_tokens`, { field: 'max_tokens' })
  }
  return new FewstepError('prompt_too_long',
    `max_tokens is ${made}, but the prompt takes ${promptTokens} of the ${model.manifest.max_length} tokens of the model's canvas; ` +
    `set max_tokens to at most ${room}${promptTokens > 0 ? ' or shorten the prompt' : ''}`, { field: 'max_tokens' })
}

/** @throws FewstepError invalid_request where one is outside the vocabulary */
function checkedTokens ({ manifest }: Model, tokens: readonly number[]): readonly number[] {
  const { vocab_size: size } = manifest
  const at = tokens.findIndex((token) => !(token >= 0 && token < size))
  if (at < 0) return tokens
  throw new FewstepError('invalid_request', `prompt has the token ${tokens[at]} at ${at}; the model's tokens are 0 to ` +
    `${size - 1}`, { field: 'prompt' })
}

/**
 * A template's texts, frozen and tokenised one by one, with its gaps between them; those of choices hold what they took.
 * @throws FewstepError invalid_template or prompt_too_long
 */
export function layOutTemplate (model: Model, template: string, { allowSpecial, decided }: Pick<TextRequest, 'allowSpecial' | 'decided'>): CanvasLayout {
  const { max_length: maxLength } = model.manifest
  const given = new GivenText(model, 'template', allowSpecial)
  const tokens: number[] = []
  const segments: Segment[] = []
  let promptTokens = 0
  let choices = 0
  for (const part of parseTemplate(template, maxLength)) {
    const begin = tokens.length
    const editable = 'gap' in part
    const added = editable ? new Array<number>(part.gap).fill(0) : given.encode('text' in part ? part.text : chosenFor(choices, decided))
    for (const token of added) tokens.push(token)
    if (!editable) promptTokens += added.length
    segments.push({ begin, end: tokens.length, editable, ...('choices' in part ? { choice: choices++ } : {}) })
    if (tokens.length > countedTokens(model)) break
  }
  if (tokens.length > maxLength) {
    throw new FewstepError('prompt_too_long',
      `template has ${count(model, tokens.length)} tokens (${promptTokens} of text, ${tokens.length - promptTokens} of gaps) and the ` +
      `model's canvas ${maxLength}; shorten the text or the gaps`, { field: 'template' })
  }
  const editable = new Uint8Array(tokens.length)
  for (const segment of segments) if (segment.editable) editable.fill(1, segment.begin, segment.end)
  return {
    canvas: { tokens: Int32Array.from(tokens), editable },
    blocks: onlyBlock(tokens.length),
    segments,
    isTemplate: true,
    followsSpace: false,
    promptTokens
  }
}
