/** What stands on a canvas before anything is known of it: what is given, and a mask for each token to be made. */
import type { GenerateRequest, Refinement } from '../src/client/index.js'
import { partsOf } from './template.js'

export interface Cell {
  readonly text: string
  readonly masked: boolean
  readonly given: boolean
  readonly changedAt: number
  readonly confidence: number | undefined
}

const MASK: Cell = { text: '', masked: true, given: false, changedAt: 0, confidence: undefined }
/** As many as a continuation has where nothing is said and the canvas has room. */
const USUAL_LENGTH = 128
const MOST = 1024

/** @param first the first refinement, once it is there: it says which positions are given */
export function draftOf ({ template, max_tokens: length = USUAL_LENGTH }: GenerateRequest, first?: Refinement): Cell[] {
  if (first !== undefined) return first.tokens.map((token) => token.given ? { ...token, changedAt: 0 } : MASK)
  if (template === undefined) return masks(Number(length))
  return partsOf(template).flatMap((part, i, parts) => {
    if (typeof part !== 'string') return masks('gap' in part ? part.gap : 1)
    // The space before a gap belongs to the gap.
    return [{ ...MASK, text: i < parts.length - 1 ? part.replace(/ $/, '') : part, masked: false, given: true }]
  })
}

function masks (count: number): Cell[] {
  return new Array<Cell>(Math.min(MOST, Math.max(0, Math.floor(count) || 0))).fill(MASK)
}
