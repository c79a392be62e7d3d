/** Models may write anything; what would control a terminal or reorder its text must not reach it. */

/**
 * Escape sequences; marks that reorder text (LRM, RLM, ALM, embeddings, overrides, isolates) and their deprecated relatives
 * (U+206A to U+206F); separators and annotation marks that terminals disagree on; halves of surrogate pairs.
 */
const UNSAFE = /[\p{Control}\p{Bidi_Control}\p{Line_Separator}\p{Paragraph_Separator}\p{Surrogate}\u206a-\u206f\ufff9-\ufffb]/gu

/** The text with what is unsafe replaced; of control characters only line breaks are left. */
export function printable (text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').replaceAll('\t', ' ').replaceAll(UNSAFE, (c) => c === '\n' ? c : '\ufffd')
}

/** JSON with what is unsafe escaped inside its strings: the same value. */
export function printableJson (value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(UNSAFE, (c) => c === '\n' ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
