/** What a generation costs the engine: known before it runs, in positions of padded canvases. */
import { lengthBucket } from '../diffusion/canvas.js'
import type { PreparedGeneration } from './prepare.js'

export interface Price {
  /** In the engine at once, one for each output. */
  readonly canvases: number
  /** Canvases x steps x padded length, all blocks together. */
  readonly positions: number
}

/** The most that they can cost together: an elastic budget may take fewer steps. */
export function priceOf (prepared: readonly PreparedGeneration[]): Price {
  const prices = prepared.map((each) => {
    const { rows, budget } = each.engineRequest
    const steps = budget.kind === 'exact' ? budget.stepSizes.length : budget.max
    return { canvases: rows.length, positions: rows.length * steps * paddedLengths(each) }
  })
  return {
    canvases: prices.reduce((sum, { canvases }) => sum + canvases, 0),
    positions: prices.reduce((sum, { positions }) => sum + positions, 0)
  }
}

/** Of the canvases of one output, one after another, together. */
function paddedLengths ({ model, layout }: PreparedGeneration): number {
  return layout.blocks.reduce((sum, { window }) => sum + lengthBucket(window.end - window.begin, model.manifest.max_length), 0)
}
