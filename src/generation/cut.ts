/** Where a continuation ends: at end-of-text or at a stop string, whichever comes first. */

export interface Cut {
  /** Text pieces of all positions, '' from the cut on; joined they are the text. */
  readonly pieces: string[]
  /** Tokens kept: those that begin before the cut. */
  readonly kept: number
  readonly found: boolean
}

/**
 * Cut before the earliest stop string.
 * @param pieces text pieces of the tokens before end-of-text
 */
export function cutAtStop (pieces: readonly string[], stop: readonly string[]): Cut {
  const text = pieces.join('')
  const hits = stop.map((string) => text.indexOf(string)).filter((at) => at >= 0)
  if (hits.length === 0) return { pieces: [...pieces], kept: pieces.length, found: false }
  const at = Math.min(...hits)
  let begin = 0
  let kept = 0
  const cut = pieces.map((piece) => {
    const left = piece.slice(0, Math.max(0, at - begin))
    if (begin < at) kept++
    begin += piece.length
    return left
  })
  return { pieces: cut, kept, found: true }
}
