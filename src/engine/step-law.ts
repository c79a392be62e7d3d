/** Whether a step did what the manifest says of it: docs/architecture.md has the laws, for flow matching and for masked diffusion. */
import { jumpExponent } from '../diffusion/solver.js'
import { isMaskedDiffusion, type Manifest } from '../model/manifest.js'
import type { ResultArrays } from './step-message.js'

/** One row before and after a step; arrays [L]. */
export interface StepTaken {
  readonly tokens: Int32Array
  readonly editable: Uint8Array
  readonly t: number
  readonly h: number
  readonly next: Int32Array
  readonly confidence: Float32Array
  /** Uniforms in [0, 1): whether a position jumps. */
  readonly jumpNoise: Float32Array
}

/** Rounding of float32, in a probability. */
const TOLERANCE = 1e-4
/** And in its logarithm. */
const TOLERANCE_NATS = 1e-2

/** What decides how steps change a canvas. */
type Law = Pick<Manifest, 'algorithm' | 'vocab_size' | 'mask_token_id' | 'exponent'>

/** @returns what it did that it may not, as what follows "a step"; undefined where all is well */
export function brokenLaw (step: StepTaken, law: Law): string | undefined {
  return wrongOutput(step, law) ?? (isMaskedDiffusion(law) ? wrongReveal(step, law) : wrongJump(step, law)) ?? maskLeft(step, law)
}

/** Stands for less, where a logarithm would have no end; see docs/architecture.md. */
const SMALLEST_PROBABILITY = 1e-37

/**
 * Of a step that changes nothing and is asked about the tokens that stand there, [B x L]: it must say the same twice.
 * @returns what is wrong, as what follows "a step"; undefined where all is well
 */
export function brokenScore ({ confidence, logprob }: Pick<ResultArrays, 'confidence' | 'logprob'>): string | undefined {
  const expected = (i: number): number => Math.log(Math.max(confidence[i] ?? 0, SMALLEST_PROBABILITY))
  const at = logprob.findIndex((each, i) => !(Math.abs(each - expected(i)) < TOLERANCE_NATS))
  return at < 0 ? undefined : `gives a token the logarithm of its probability as ${logprob[at]}, but that probability as ${confidence[at]}`
}

function wrongOutput ({ tokens, editable, next, confidence }: StepTaken, law: Law): string | undefined {
  const { vocab_size: size, mask_token_id: mask } = law
  const foreign = next.find((token) => token < 0 || (token >= size && token !== mask))
  if (foreign !== undefined) return `makes token ${foreign}, but vocab_size in the manifest is ${size}`
  if (next.some((token, i) => editable[i] === 0 && token !== tokens[i])) return 'changes a token that is given'
  const odd = confidence.find((p) => !(p >= 0 && p <= 1 + TOLERANCE))
  return odd === undefined ? undefined : `has a confidence of ${odd}, which is no probability`
}

/** Of the m masks a step reveals m h / (1 - t), rounded up; what is revealed stays. */
function wrongReveal ({ tokens, next, editable, t, h }: StepTaken, { algorithm, mask_token_id: mask }: Law): string | undefined {
  const masks = tokens.reduce((count, token, i) => count + Number(editable[i] === 1 && token === mask), 0)
  const revealed = next.reduce((count, token, i) => count + Number(token !== tokens[i] && tokens[i] === mask), 0)
  const planned = Math.ceil(masks * h / (1 - t) - TOLERANCE)
  if (revealed !== planned) {
    return `from t = ${t} to ${t + h} reveals ${revealed} of ${masks} masks, ` +
      `but algorithm in the manifest is ${algorithm}, which reveals ${planned}`
  }
  if (next.every((token, i) => token === tokens[i] || tokens[i] === mask)) return undefined
  return `changes a token that is no mask, but algorithm in the manifest is ${algorithm}, which reveals tokens for good`
}

/**
 * A position jumps where its noise is below 1 - exp(-a (1 - p(z))). Of those that stay p(z) is the confidence; of those that jump
 * it may be anything. The last step draws anew.
 */
function wrongJump ({ tokens, next, editable, t, h, confidence, jumpNoise }: StepTaken, { algorithm, exponent }: Law): string | undefined {
  if (t + h === 1) return undefined
  const a = jumpExponent(t, t + h, exponent)
  const lawful = next.every((token, i) => {
    const noise = jumpNoise[i] ?? 0
    if (editable[i] === 0) return true
    if (token !== tokens[i]) return noise < 1 - Math.exp(-a) + TOLERANCE
    return noise >= 1 - Math.exp(-a * (1 - (confidence[i] ?? 0))) - TOLERANCE
  })
  return lawful ? undefined : `lets other positions jump than by algorithm ${algorithm} with exponent ${exponent} in the manifest`
}

function maskLeft ({ next, t, h }: StepTaken, { mask_token_id: mask }: Law): string | undefined {
  if (t + h < 1 || mask === null || !next.includes(mask)) return undefined
  return `to t = 1 leaves token ${mask}, which is mask_token_id in the manifest`
}
