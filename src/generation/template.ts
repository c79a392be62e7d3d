/** Templates: text with `[[n]]` gaps of n tokens. */
import { FewstepError } from '../errors.js'

export type TemplatePart = { readonly text: string } | { readonly gap: number }

/**
 * The space before a gap belongs to the gap: tokens carry the space before their word, and after a token that is a lone
 * space a model has seldom seen a word.
 */
const GAP = / ?\[\[(\d+)\]\]/g

/**
 * The parts of a template in order, without empty texts; one by one, so that whoever has no room for more can stop.
 * @throws FewstepError invalid_template where a gap is of no use, or at the end where there was none
 */
export function * parseTemplate (template: string, maxLength: number): Generator<TemplatePart, void, undefined> {
  let begin = 0
  for (const { 0: mark, 1: digits = '', index } of template.matchAll(GAP)) {
    if (index > begin) yield { text: template.slice(begin, index) }
    yield { gap: checkedGap(digits, maxLength) }
    begin = index + mark.length
  }
  if (begin === 0) {
    throw new FewstepError('invalid_template',
      'template has no gap: write [[n]] where n tokens shall be filled in, as in "The [[4]] sat on the mat."', { field: 'template' })
  }
  if (begin < template.length) yield { text: template.slice(begin) }
}

function checkedGap (digits: string, maxLength: number): number {
  const gap = Number(digits)
  if (gap >= 1 && gap <= maxLength) return gap
  throw new FewstepError('invalid_template',
    `template has a gap of ${digits.slice(0, 20)} tokens; a gap has 1 to ${maxLength}`, { field: 'template' })
}
