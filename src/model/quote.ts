/** What a model's files say, fit for a log line and a terminal: one line, not long, nothing that moves a cursor or turns letters round. */

/** Control and format characters, line and paragraph separators, halves of surrogate pairs. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

export function quote (text: string, limit: number = 120): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text
  return cut.replace(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** A value of a JSON document, as a sentence names it. */
export function shown (value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  return quote(JSON.stringify(value) ?? 'nothing', 40)
}

/** The first line of an error's message. */
export function reasonOf (error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return quote(line, 300)
}
