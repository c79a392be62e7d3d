/** GPT-2's byte-level alphabet, in which every byte of a text is a printable character: how a tokenizer.json spells its tokens. */

const BYTE_OF_SYMBOL = new Map<string, number>()
for (let byte = 0, next = 256; byte < 256; byte++) {
  const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  BYTE_OF_SYMBOL.set(String.fromCodePoint(printable ? byte : next++), byte)
}

/** Characters outside of the alphabet, as special tokens may have them, stand for themselves. */
export function bytesOf (symbols: string): Uint8Array {
  return Uint8Array.from([...symbols].flatMap((symbol) => BYTE_OF_SYMBOL.get(symbol) ?? [...Buffer.from(symbol)]))
}
