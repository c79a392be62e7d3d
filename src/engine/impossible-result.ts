/** Results that no step can have: whoever gives one, a processor or memory at fault, is not asked again. */
import type { Row } from './row.js'
import { ScoreRow } from './score-row.js'
import type { ResultArrays } from './step-message.js'

/** Far more than rounding makes of a probability of 1, in half precision too. */
const LARGEST_PROBABILITY = 1.01

export class ImpossibleResult extends Error {
  /** @param what is wrong, as what follows "it" */
  constructor (what: string) {
    super(`the result of a session worker cannot be: it ${what}`)
  }
}

/**
 * Looks at every position once, before any row has taken its part.
 * @param rows as they were when the step began, aimed
 * @returns what is wrong, as what follows "it"; undefined: it may be right
 */
export function impossibility (rows: readonly Row[], result: ResultArrays): string | undefined {
  for (const [i, row] of rows.entries()) {
    const offset = i * row.paddedLength
    const wrong = wrongTokens(row, result.tokens, offset) ?? wrongConfidence(row, result.confidence, offset) ??
      (row instanceof ScoreRow ? wrongLogprob(row, result.logprob, offset) : undefined)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function wrongTokens ({ tokens, editable, source, takesLastStep }: Row, next: Int32Array, offset: number): string | undefined {
  const { vocabSize, maskTokenId, revealsForGood } = source
  for (let i = 0; i < tokens.length; i++) {
    const token = next[offset + i] ?? -1
    const before = tokens[i]
    if (token === before && (token !== maskTokenId || !takesLastStep)) continue
    if (editable[i] === 0) {
      if (token === before) continue
      return `changes a token that is given, ${before}, to ${token}`
    }
    if (token === maskTokenId) {
      if (takesLastStep) return `leaves the mask token, ${token}, after the last step`
    } else if (token < 0 || token >= vocabSize) return `has token ${token} in a vocabulary of ${vocabSize}`
    if (revealsForGood && before !== maskTokenId) return `changes a token that was revealed for good, ${before}, to ${token}`
  }
  return undefined
}

function wrongConfidence ({ tokens }: Row, confidence: Float32Array, offset: number): string | undefined {
  for (let i = offset; i < offset + tokens.length; i++) {
    const p = confidence[i] ?? NaN
    if (!(p >= 0 && p <= LARGEST_PROBABILITY)) return `has a confidence of ${p}, which is no probability`
  }
  return undefined
}

function wrongLogprob ({ tokens }: Row, logprob: Float32Array, offset: number): string | undefined {
  for (let i = offset; i < offset + tokens.length; i++) {
    const nats = logprob[i] ?? NaN
    if (!(nats > -Infinity && Math.exp(nats) <= LARGEST_PROBABILITY)) return `has ${nats} as the logarithm of a probability`
  }
  return undefined
}
