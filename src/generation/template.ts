/** Templates: text with `[[n]]` gaps of n tokens, and `[[red|green|blue]]` gaps that take one of the texts. */
import { FewstepError } from '../errors.js'
import { MAX_CONTINUATIONS } from './score-request.js'

/** Gaps of choices: each takes a scoring of its own. */
export const MAX_CHOICE_GAPS = 16

export type TemplatePart = { readonly text: string } | { readonly gap: number } | { readonly choices: readonly string[] }

/**
 * The space before a gap belongs to the gap: tokens carry the space before their word, and after a token that is a lone
 * space a model has seldom seen a word.
 */
const GAP = /( ?)\[\[([^[\]]*)\]\]/g

/**
 * The parts of a template in order, without empty texts; one by one, so that whoever has no room for more can stop. Of choices
 * each has the space that belongs to the gap.
 * @throws FewstepError invalid_template where a gap is of no use, or at the end where there was none
 */
export function * parseTemplate (template: string, maxLength: number): Generator<TemplatePart, void, undefined> {
  let begin = 0
  for (const { 0: mark, 1: space = '', 2: content = '', index } of template.matchAll(GAP)) {
    const isChoice = content.includes('|')
    if (!isChoice && !/^\d+$/.test(content)) continue
    if (index > begin) yield { text: template.slice(begin, index) }
    yield isChoice ? { choices: checkedChoices(content.split('|'), space) } : { gap: checkedGap(content, maxLength) }
    begin = index + mark.length
  }
  if (begin === 0) {
    throw invalid('template has no gap: write [[n]] where n tokens shall be filled in, as in "The [[4]] sat on the mat.", or ' +
      '[[red|blue]] where one of several texts shall stand')
  }
  if (begin < template.length) yield { text: template.slice(begin) }
}

/**
 * All of them at once.
 * @throws FewstepError invalid_template as above, or where gaps of choices are too many; prompt_too_long where no canvas could hold all
 */
export function partsOf (template: string, maxLength: number): TemplatePart[] {
  const parts: TemplatePart[] = []
  let choices = 0
  for (const part of parseTemplate(template, maxLength)) {
    // Each gap takes a token at least, and texts stand between them.
    if (parts.push(part) > 2 * maxLength + 1) {
      throw new FewstepError('prompt_too_long', `template has more gaps than the ${maxLength} tokens of the model's canvas; leave some out`,
        { field: 'template' })
    }
    if ('choices' in part && ++choices > MAX_CHOICE_GAPS) throw invalid(`template has more than ${MAX_CHOICE_GAPS} gaps of choices; leave some out`)
  }
  return parts
}

function checkedGap (digits: string, maxLength: number): number {
  const gap = Number(digits)
  if (gap >= 1 && gap <= maxLength) return gap
  throw invalid(`template has a gap of ${digits.slice(0, 20)} tokens; a gap has 1 to ${maxLength}`)
}

function checkedChoices (choices: readonly string[], space: string): string[] {
  if (choices.length > MAX_CONTINUATIONS) throw invalid(`template has a gap of ${choices.length} choices; a gap has 2 to ${MAX_CONTINUATIONS}`)
  if (choices.includes('')) throw invalid('template has an empty choice, of which there is nothing to score; leave it out')
  if (new Set(choices).size < choices.length) throw invalid('template has the same choice twice in one gap; leave one of them out')
  return choices.map((choice) => space + choice)
}

function invalid (message: string): FewstepError {
  return new FewstepError('invalid_template', message, { field: 'template' })
}
