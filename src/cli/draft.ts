/** The text of one output while it is being refined, as pieces. */
import type { PreparedGeneration, TextChange } from '../generation/index.js'
import { MASK_PIECE } from '../model/tokenizer.js'

export interface DraftPiece {
  readonly text: string
  /** Part of the prompt or the template. */
  readonly given: boolean
  /** Another text than one refinement ago. */
  readonly changed: boolean
}

/** The draft before the first refinement: what is given, and a mask for each token of the first block to be made. */
export function firstDraft ({ layout, model }: PreparedGeneration): DraftPiece[] {
  const made = layout.blocks[0]?.end ?? 0
  return layout.segments.flatMap(({ begin, end: last, editable }) => {
    const end = Math.min(last, made)
    const texts = editable
      ? new Array<string>(end - begin).fill(MASK_PIECE)
      : model.tokenizer.pieces(layout.canvas.tokens.subarray(begin, end), { given: true })
    return texts.map((text) => ({ text, given: !editable, changed: false }))
  })
}

/** The draft after a refinement, which may be that of another block. */
export function refine (draft: readonly DraftPiece[], changes: readonly TextChange[]): DraftPiece[] {
  const texts = new Map(changes.map(({ position, text }) => [position, text]))
  const begun = changes.filter(({ position }) => position >= draft.length).map(({ text }) => ({ text, given: false, changed: true }))
  return draft.map(({ text: before, given }, position) => {
    const text = texts.get(position) ?? before
    return { text, given, changed: text !== before }
  }).concat(begun)
}
