/** How a request's text lies on its canvas. */
import type { CanvasTemplate } from '../engine/request.js'
import { FewstepError } from '../errors.js'
import type { Model } from '../model/model.js'
import { parseTemplate } from './template.js'
import { DEFAULT_MAX_TOKENS } from './text-request.js'

/** Neighbouring positions that are all given or all to be made. */
export interface Segment {
  readonly begin: number
  readonly end: number
  readonly editable: boolean
}

export interface CanvasLayout {
  readonly canvas: CanvasTemplate
  /** The part of the canvas that an output's text covers, in order and without holes. */
  readonly segments: readonly Segment[]
  /** Whether end-of-text and stop strings cut the text. */
  readonly cuts: boolean
  readonly promptTokens: number
}

/**
 * No sensible text has more characters a token. Longer ones are refused before they are tokenised, which would
 * keep everybody waiting.
 */
const MAX_CHARACTERS_PER_TOKEN = 64

function encode (model: Model, text: string, field: string): number[] {
  const { max_length: maxLength } = model.manifest
  if (text.length <= maxLength * MAX_CHARACTERS_PER_TOKEN) return model.tokenizer.encode(text)
  throw new FewstepError('prompt_too_long',
    `${field} has ${text.length} characters, far more than the ${maxLength} tokens of the model's canvas hold; shorten it`, { field })
}

/**
 * The prompt's tokens, frozen, and `maxTokens` positions to be made after them.
 * @throws FewstepError prompt_too_long
 */
export function layOutPrompt (model: Model, prompt: string, maxTokens: number | undefined): CanvasLayout {
  const { max_length: maxLength } = model.manifest
  const given = encode(model, prompt, 'prompt')
  const room = maxLength - given.length
  if (room < 1) {
    throw new FewstepError('prompt_too_long',
      `prompt has ${given.length} tokens and the model's canvas ${maxLength}, generated ones included; shorten the prompt to at most ${maxLength - 1}`,
      { field: 'prompt' })
  }
  const made = maxTokens ?? Math.min(DEFAULT_MAX_TOKENS, room)
  if (made > room) {
    throw new FewstepError('prompt_too_long',
      `max_tokens is ${made}, but the prompt takes ${given.length} of the ${maxLength} tokens of the model's canvas; ` +
      `set max_tokens to at most ${room}${given.length > 0 ? ' or shorten the prompt' : ''}`, { field: 'max_tokens' })
  }
  const length = given.length + made
  const tokens = new Int32Array(length)
  tokens.set(given)
  return {
    canvas: { tokens, editable: new Uint8Array(length).fill(1, given.length) },
    segments: [{ begin: given.length, end: length, editable: true }],
    cuts: true,
    promptTokens: given.length
  }
}

/**
 * A template's texts, frozen and tokenised one by one, with its gaps between them.
 * @throws FewstepError invalid_template or prompt_too_long
 */
export function layOutTemplate (model: Model, template: string): CanvasLayout {
  const { max_length: maxLength } = model.manifest
  const tokens: number[] = []
  const segments: Segment[] = []
  let promptTokens = 0
  for (const part of parseTemplate(template, maxLength)) {
    const begin = tokens.length
    const editable = 'gap' in part
    const added = editable ? new Array<number>(part.gap).fill(0) : encode(model, part.text, 'template')
    for (const token of added) tokens.push(token)
    if (!editable) promptTokens += added.length
    segments.push({ begin, end: tokens.length, editable })
  }
  if (tokens.length > maxLength) {
    throw new FewstepError('prompt_too_long',
      `template has ${tokens.length} tokens (${promptTokens} of text, ${tokens.length - promptTokens} of gaps) and the model's canvas ${maxLength}; ` +
      'shorten the text or the gaps', { field: 'template' })
  }
  const editable = new Uint8Array(tokens.length)
  for (const segment of segments) if (segment.editable) editable.fill(1, segment.begin, segment.end)
  return { canvas: { tokens: Int32Array.from(tokens), editable }, segments, cuts: false, promptTokens }
}
