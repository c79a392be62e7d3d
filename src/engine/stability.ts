/** When a canvas has settled, so that the steps left would change next to nothing. */

export interface CanvasState {
  /** [L] */
  readonly tokens: Int32Array
  /** 0: frozen. [L] */
  readonly editable: Uint8Array
  /** Posterior probability of each token. [L] */
  readonly confidence: Float32Array
  /** null for a uniform source */
  readonly maskTokenId: number | null
}

/**
 * The expected number of changes, as a share of the editable positions, if the posterior p stays as it is and the steps up
 * to the last one integrate to the jump exponent `a` = ln(1 - kappa(t)) - ln(1 - kappa(t')), t' where the last step begins:
 * a masked position changes surely, any other with probability 1 - exp(-a (1 - p(z))) (the cumulative solver's law).
 * In masked diffusion nothing else changes: a = 0.
 */
export function expectedChanges ({ tokens, editable, confidence, maskTokenId }: CanvasState, a: number): number {
  let changes = 0
  let positions = 0
  for (let i = 0; i < tokens.length; i++) {
    if (editable[i] === 0) continue
    positions++
    changes += tokens[i] === maskTokenId ? 1 : 1 - Math.exp(-a * (1 - (confidence[i] ?? 0)))
  }
  return positions === 0 ? 0 : changes / positions
}
