/** What a model can be asked for that not all can be. */
import { canScore, revealsSure, type Manifest } from '../model/manifest.js'
import { blockLengthsOf, type BlockLengths } from './blocks.js'

export interface Support {
  readonly scoring: boolean
  /** Gaps of choices in a template. */
  readonly choices: boolean
  readonly revealAbove: boolean
  readonly blockLength: BlockLengths
}

export function supportOf (manifest: Manifest): Support {
  const scoring = canScore(manifest)
  // Choices are decided by their scores.
  return { scoring, choices: scoring, revealAbove: revealsSure(manifest), blockLength: blockLengthsOf(manifest) }
}
