/** What a model can be asked for, as a card of it says. */
import { supportOf } from '../../generation/index.js'
import type { Manifest } from '../../model/manifest.js'

export interface Supports {
  readonly scoring: boolean
  readonly choices: boolean
  readonly reveal_above: boolean
  readonly block_length: { readonly default: number, readonly max: number }
}

export function supportsOf (manifest: Manifest): Supports {
  const { scoring, choices, revealAbove, blockLength: { usual, most } } = supportOf(manifest)
  return { scoring, choices, reveal_above: revealAbove, block_length: { default: usual, max: most } }
}
