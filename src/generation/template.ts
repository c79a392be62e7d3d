/** Templates: text with `[[n]]` gaps of n tokens. */
import { FewstepError } from '../errors.js'

export type TemplatePart = { readonly text: string } | { readonly gap: number }

/**
 * The space before a gap belongs to the gap: tokens carry the space before their word, and after a token that is a lone
 * space a model has seldom seen a word.
 */
const GAP = / ?\[\[(\d+)\]\]/

/**
 * The parts of a template in order, without empty texts.
 * @throws FewstepError invalid_template where there is no gap or one is of no use
 */
export function parseTemplate (template: string, maxLength: number): TemplatePart[] {
  // Splitting on a capture alternates text, gap, text, ...
  const parts = template.split(GAP).flatMap((piece, i): TemplatePart[] => {
    if (i % 2 === 0) return piece === '' ? [] : [{ text: piece }]
    return [{ gap: checkedGap(piece, maxLength) }]
  })
  if (parts.some((part) => 'gap' in part)) return parts
  throw new FewstepError('invalid_template',
    'template has no gap: write [[n]] where n tokens shall be filled in, as in "The [[4]] sat on the mat."', { field: 'template' })
}

function checkedGap (digits: string, maxLength: number): number {
  const gap = Number(digits)
  if (gap >= 1 && gap <= maxLength) return gap
  throw new FewstepError('invalid_template',
    `template has a gap of ${digits.slice(0, 20)} tokens; a gap has 1 to ${maxLength}`, { field: 'template' })
}
