/**
 * How probable a text is: a bound on its log-likelihood, estimated on canvases that hide parts of it.
 *
 * Flow matching: the mean over times t, uniform over [0, 1), and over the path's canvases z of the generalized KL between the
 * path's rates and the model's, -v(t) sum_i [p(z_i) - 1{z_i = x_i} + 1{z_i != x_i} ln p(x_i)], v = kappa' / (1 - kappa)
 * (FS-DFM, arXiv 2509.20624). Masked diffusion: the mean over l, uniform over 1, ..., n, and over sets of l hidden ones of the n
 * positions of -n / l sum_hidden ln p(x_i) (LLaDA, arXiv 2502.09992). Both bound -ln p(x), in nats.
 *
 * The first is brought to the form of the second, whose weights vary far less than v: with l of n positions still noise, which
 * has the probability (n over l) kappa^(n - l) (1 - kappa)^l,
 *
 *     integral of v f dt = integral of f / (1 - kappa) dkappa = sum over l of 1 / l x the mean of f over kappa ~ Beta(n - l + 1, l),
 *
 * and that kappa is the l-th largest of the positions' own uniform numbers, those above it being noise. Only l = 0, the whole
 * text, has no such mean: there kappa ends at that of t = 0.999, as in training.
 *
 * Few canvases do because they are not drawn independently: they come in pairs, each pair has l in a stratum of its own, and its
 * two canvases hide different positions, as far as l allows (antithetic variates).
 */
import type { Source } from './canvas.js'
import { pairWords, scoreWords } from './random.js'

/** Latest time of a text that hides nothing, and of what the network is told. */
const LATEST = 1 - 1e-3

/** What a position of a canvas is to a score. */
export const GIVEN = 0
/** Its token is asked about. */
export const SCORED = 1
/** It is to be made later: noise on every canvas. */
export const OPEN = 2

export interface ScoredCanvas {
  /** [L]; what stands at open positions is ignored. */
  readonly tokens: Int32Array
  /** [L]: GIVEN, SCORED or OPEN. */
  readonly roles: Uint8Array
}

export interface ScoreSource extends Source {
  readonly exponent: number
  /** Masked diffusion. */
  readonly revealsForGood: boolean
}

/** Of a step on a canvas whose positions all stay as they are, each [L] from `offset` on. */
export interface CanvasLaw {
  /** p(z): posterior probability of the token there. */
  readonly confidence: Float32Array
  /** ln p(x). */
  readonly logprob: Float32Array
  readonly offset: number
}

/** How one canvas is drawn. */
interface Draw {
  readonly time: number
  /** Scored positions that hold noise. */
  readonly hidden: ReadonlySet<number>
}

export class Likelihood {
  readonly #text: ScoredCanvas
  readonly #source: ScoreSource
  readonly #seed: number
  readonly #pairs: number
  /** Positions that are asked about; one at least. */
  readonly #scored: readonly number[]

  /** @param samples canvases, even; the same seed draws the same ones for texts of one length: their difference is surer than each score */
  constructor (text: ScoredCanvas, source: ScoreSource, seed: number, samples: number) {
    this.#text = text
    this.#source = source
    this.#seed = seed
    this.#pairs = samples / 2
    this.#scored = [...text.roles.keys()].filter((position) => text.roles[position] === SCORED)
  }

  /**
   * Draw canvas `sample`, from 0, into `tokens` [L].
   * @returns its time, which the network is told
   */
  draw (sample: number, tokens: Int32Array): number {
    const { tokens: text, roles } = this.#text
    const { maskTokenId, vocabSize } = this.#source
    const { time, hidden } = this.#plan(sample)
    for (const [position, role] of roles.entries()) {
      const shown = role === GIVEN || (role === SCORED && !hidden.has(position))
      const [, first, second] = shown || maskTokenId !== null ? [0, 0, 0] : scoreWords(this.#seed, position, sample >> 1)
      tokens[position] = shown ? text[position] ?? 0 : maskTokenId ?? Math.floor((sample % 2 === 0 ? first : second) * vocabSize)
    }
    return Math.min(time, LATEST)
  }

  /** The bound on -ln p(x) that the canvas `sample`, which `tokens` holds, gives: nats. */
  bound (sample: number, tokens: Int32Array, { confidence, logprob, offset }: CanvasLaw): number {
    let sum = 0
    for (const position of this.#scored) {
      const arrived = tokens[position] === this.#text.tokens[position]
      if (!arrived) sum -= logprob[offset + position] ?? 0
      if (!this.#source.revealsForGood) sum += Number(arrived) - (confidence[offset + position] ?? 0)
    }
    return this.#weight(sample) * sum
  }

  #plan (sample: number): Draw {
    const n = this.#scored.length
    const { exponent, revealsForGood } = this.#source
    const count = this.#count(sample)
    if (count === 0) return { time: this.#wholeKappa(sample) ** (1 / exponent), hidden: new Set() }
    const ordered = this.#numbers(sample).sort(([, a], [, b]) => b - a).slice(0, count)
    const kappa = ordered.at(-1)?.[1] ?? 0
    return {
      time: revealsForGood ? 1 - count / n : kappa ** (1 / exponent),
      hidden: new Set(ordered.map(([position]) => position))
    }
  }

  /** Of the canvas's sum in the bound. */
  #weight (sample: number): number {
    const count = this.#count(sample)
    if (count > 0) return this.#counts / count
    return -this.#counts * Math.log(this.#rest) * this.#wholeKappa(sample) ** this.#scored.length
  }

  /** How many different numbers of positions a canvas may hide. */
  get #counts (): number {
    return this.#scored.length + (this.#source.revealsForGood ? 0 : 1)
  }

  /** How many it hides: by where in the pair's stratum it falls. */
  #count (sample: number): number {
    const [within] = pairWords(this.#seed, sample >> 1)
    const share = ((sample >> 1) + within) / this.#pairs
    return this.#scored.length - Math.floor(share * this.#counts)
  }

  /** kappa of a canvas that hides nothing: by the density 1 / (1 - kappa), up to that of the latest time. */
  #wholeKappa (sample: number): number {
    const [, whole] = pairWords(this.#seed, sample >> 1)
    return 1 - this.#rest ** whole
  }

  /** 1 - kappa at the latest time. */
  get #rest (): number {
    return 1 - LATEST ** this.#source.exponent
  }

  /** Of each scored position a number, uniform in [0, 1]; a pair's second canvas sees the first one's from the other end. */
  #numbers (sample: number): Array<readonly [position: number, number: number]> {
    return this.#scored.map((position) => {
      const [u] = scoreWords(this.#seed, position, sample >> 1)
      return [position, sample % 2 === 0 ? u : 1 - u]
    })
  }
}

export interface Estimate {
  readonly mean: number
  readonly standardError: number
}

/**
 * The mean of what the canvases of a `Likelihood` gave, two pairs or more. The error is that of stratified sampling, from the
 * differences of neighbouring strata's means: rather too large than too small, since the times of neighbours differ, too.
 */
export function estimate (bounds: Float64Array): Estimate {
  const pairs = Array.from({ length: bounds.length / 2 }, (_, i) => ((bounds[2 * i] ?? 0) + (bounds[2 * i + 1] ?? 0)) / 2)
  const squares = pairs.slice(1).reduce((sum, mean, i) => sum + (mean - (pairs[i] ?? 0)) ** 2, 0)
  return {
    mean: pairs.reduce((sum, mean) => sum + mean, 0) / pairs.length,
    standardError: Math.sqrt(squares / (2 * pairs.length * (pairs.length - 1)))
  }
}
