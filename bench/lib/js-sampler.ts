/**
 * The step graph's sampler in JavaScript, for what it would cost: logits in, the next canvas out. Cumulative solver, free
 * canvases, no filter. Written for speed: two passes over a position's logits, one more where it jumps, no allocation.
 */

export interface Sampling {
  /** K logits a position. */
  readonly columns: number
  /** undefined: the uniform source. */
  readonly maskTokenId?: number
  readonly temperature: number
  /** -ln of the remaining share: ln(1 - kappa(t)) - ln(1 - kappa(t + h)). */
  readonly jumpExponent: number
  /** Does this step end at t = 1? */
  readonly last: boolean
}

export interface Canvases {
  /** [B x L] */
  readonly tokens: Int32Array
  /** Posterior probability of the token now there, [B x L]. */
  readonly confidence: Float32Array
}

/**
 * Refine `canvases` in place.
 * @param logits [B x L x K]
 * @param noise uniforms in [0, 1), [B x L x 2]: whether a position jumps, and where to
 */
export class JsSampler {
  readonly #mass: Float32Array
  readonly #sampling: Sampling

  constructor (sampling: Sampling) {
    this.#sampling = sampling
    this.#mass = new Float32Array(sampling.columns)
  }

  refine (logits: Float32Array, noise: Float32Array, { tokens, confidence }: Canvases): void {
    const { columns, maskTokenId, jumpExponent, last } = this.#sampling
    const mass = this.#mass
    for (let i = 0; i < tokens.length; i++) {
      const total = this.#softmax(logits, i * columns)
      const current = tokens[i] ?? 0
      // P(jump) = 1 - exp(-a (1 - p(z))); the last step draws from p itself, the mask token excluded.
      const staying = (mass[current] ?? 0) / total
      const moves = last
        ? maskTokenId === undefined || current === maskTokenId
        : (noise[2 * i] ?? 0) < 1 - Math.exp(-jumpExponent * (1 - staying))
      if (!moves) {
        confidence[i] = staying
        continue
      }
      const excluded = last ? maskTokenId ?? -1 : current
      const token = this.#draw(total - (mass[excluded] ?? 0), excluded, noise[2 * i + 1] ?? 0)
      tokens[i] = token
      confidence[i] = (mass[token] ?? 0) / total
    }
  }

  /** exp((logit - largest) / temperature) of one position's logits into #mass; returns their sum. */
  #softmax (logits: Float32Array, offset: number): number {
    const { columns, temperature } = this.#sampling
    const mass = this.#mass
    let largest = -Infinity
    for (let k = 0; k < columns; k++) {
      const logit = logits[offset + k] ?? 0
      if (logit > largest) largest = logit
    }
    const scale = 1 / temperature
    let total = 0
    for (let k = 0; k < columns; k++) total += mass[k] = Math.exp(((logits[offset + k] ?? 0) - largest) * scale)
    return total
  }

  /** Inverse CDF: the first token at which the cumulative mass, without that of `excluded`, exceeds u x remaining. */
  #draw (remaining: number, excluded: number, u: number): number {
    const mass = this.#mass
    const point = u * remaining
    let cumulative = 0
    let reached = 0
    for (let k = 0; k < mass.length; k++) {
      const own = mass[k] ?? 0
      if (k === excluded || own === 0) continue
      cumulative += own
      reached = k
      if (cumulative > point) break
    }
    // Where rounding keeps the sum below the point, the last token with any mass.
    return reached
  }
}
