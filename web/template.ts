/** Text with `[[n]]` gaps, as parts. */
export type Part = string | { readonly gap: number }

const GAP = /\[\[(\d{1,5})\]\]/g

export function hasGap (text: string): boolean {
  return text.search(GAP) >= 0
}

/** Texts and gaps in order; no text is empty. */
export function partsOf (text: string): Part[] {
  const parts: Part[] = []
  let begin = 0
  for (const { 0: mark, 1: digits, index } of text.matchAll(GAP)) {
    if (index > begin) parts.push(text.slice(begin, index))
    parts.push({ gap: Number(digits) })
    begin = index + mark.length
  }
  if (begin < text.length) parts.push(text.slice(begin))
  return parts
}

export function gapText (tokens: number): string {
  return `[[${tokens}]]`
}
