/** Text with gaps, as parts: `[[n]]` of n tokens, and `[[red|blue]]`, which takes one of the texts. */
export type Part = string | { readonly gap: number } | { readonly choices: string }

const GAP = /\[\[(?:(\d{1,5})|([^[\]]*\|[^[\]]*))\]\]/g

/** Whether it is a template. */
export function hasGap (text: string): boolean {
  return text.search(GAP) >= 0
}

/** Whether it has a gap of so many tokens. */
export function hasLength (text: string): boolean {
  return partsOf(text).some((part) => typeof part !== 'string' && 'gap' in part)
}

/** Texts and gaps in order; no text is empty. */
export function partsOf (text: string): Part[] {
  const parts: Part[] = []
  let begin = 0
  for (const { 0: mark, 1: digits, index } of text.matchAll(GAP)) {
    if (index > begin) parts.push(text.slice(begin, index))
    parts.push(digits === undefined ? { choices: mark } : { gap: Number(digits) })
    begin = index + mark.length
  }
  if (begin < text.length) parts.push(text.slice(begin))
  return parts
}

export function gapText (tokens: number): string {
  return `[[${tokens}]]`
}
