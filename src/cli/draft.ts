/** The text of one output while it is being refined, as pieces. */
import type { CanvasState, Token } from '../client/index.js'
import type { PreparedGeneration } from '../generation/index.js'
import { MASK_PIECE } from '../model/tokenizer.js'
import type { View } from './commands.js'
import { LEVELS } from './palette.js'

export interface DraftPiece {
  readonly text: string
  /** Part of the prompt or the template. */
  readonly given?: boolean
  /** Another text than one refinement ago. */
  readonly changed?: boolean
  /** Not chosen yet. */
  readonly masked?: boolean
  /** Its shade on the view's scale, 0 ... 7. */
  readonly level?: number | undefined
}

/** The draft before the first refinement: what is given, and a mask for each token of the first block to be made. */
export function firstDraft ({ layout, model }: PreparedGeneration): DraftPiece[] {
  const made = layout.blocks[0]?.end ?? 0
  return layout.segments.flatMap(({ begin, end: last, editable }) => {
    const end = Math.min(last, made)
    const texts = editable
      ? new Array<string>(end - begin).fill(MASK_PIECE)
      : model.tokenizer.pieces(layout.canvas.tokens.subarray(begin, end), { given: true })
    return texts.map((text) => ({ text, given: !editable, masked: editable }))
  })
}

/** The draft after a refinement; `settled`: nothing of it counts as just changed. */
export function draftOf ({ tokens, changed, steps }: CanvasState, view: View, settled = false): DraftPiece[] {
  const moved = new Set(settled || view !== 'live' ? [] : changed)
  return tokens.map((token, position) => {
    const { text, given, masked } = token
    return { text, given, masked, changed: moved.has(position), level: levelOf(token, steps, view) }
  })
}

function levelOf ({ given, masked, changedAt, confidence }: Token, steps: number, view: View): number | undefined {
  if (given || masked) return undefined
  if (view === 'timeline' && changedAt > 0) return stepLevel(changedAt, steps)
  if (view === 'confidence' && confidence !== undefined) return Math.max(0, Math.min(LEVELS - 1, Math.floor(confidence * LEVELS)))
  return undefined
}

/** Of few steps each has a shade of its own, and the last one always the last. */
export function stepLevel (step: number, steps: number): number {
  return steps <= 1 ? LEVELS - 1 : Math.min(LEVELS - 1, Math.max(0, Math.round((step - 1) / (steps - 1) * (LEVELS - 1))))
}
