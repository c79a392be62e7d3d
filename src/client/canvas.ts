/** One output as it is refined: what stands at each position, and what stood there before. Pure; live and replay use the same. */
import type { StepEvent } from './types.js'

/** What stands at a position. The same object as in the refinement before where nothing of it changed. */
export interface Token {
  readonly id: number
  /** Its piece of the text; '' where it is cut off or completed by a later one. */
  readonly text: string
  /** Not chosen yet. */
  readonly masked: boolean
  /** Part of a template's own text. */
  readonly given: boolean
  /** Posterior probability in this step; undefined where it was not asked for. */
  readonly confidence: number | undefined
  /**
   * The step at which another token came to stand here; 0 for one that is given or still masked. A stream does not say what stood there
   * before its first refinement, so of a model with a uniform source all tokens of that one count as changed.
   */
  readonly changedAt: number
}

/** What stood at a position after a step. */
export interface Moment {
  readonly step: number
  readonly id: number
  readonly text: string
  readonly masked: boolean
  readonly confidence: number | undefined
}

/** The canvas after a step. */
export interface CanvasState {
  readonly step: number
  /** In all, as planned then. */
  readonly steps: number
  /** From 0 to 1, which is the end. */
  readonly t: number
  /** All positions that the text covers. */
  readonly tokens: readonly Token[]
  /** Positions at which this step put another token or another piece of text, ascending. */
  readonly changed: readonly number[]
  /** All pieces, joined. */
  readonly text: string
}

export class Canvas {
  #states: CanvasState[] = []

  /** After each step that came, in order. */
  get states (): readonly CanvasState[] {
    return this.#states
  }

  /** As it stands; undefined before the first step. */
  get state (): CanvasState | undefined {
    return this.#states.at(-1)
  }

  /** @returns the canvas after the step, which later ones leave as it is */
  apply ({ step, steps, t, changes, text, confidence }: StepEvent): CanvasState {
    const before = this.state?.tokens ?? []
    const tokens = [...before]
    for (const { position, token: id, text, masked = false, given = false } of changes) {
      const old = before[position]
      const stays = given || (old?.id === id && !old.masked)
      const changedAt = masked ? 0 : stays ? old?.changedAt ?? 0 : step
      tokens[position] = { id, text, masked, given, confidence: old?.confidence, changedAt }
    }
    confidence?.forEach((p, position) => {
      const token = tokens[position]
      if (token !== undefined && token.confidence !== p) tokens[position] = { ...token, confidence: p }
    })
    const changed = changes.map(({ position }) => position).sort((a, b) => a - b)
    const state = { step, steps, t, tokens, changed, text }
    this.#states.push(state)
    return state
  }

  /** What stood at a position after each step that came. */
  history (position: number): Moment[] {
    return this.#states.flatMap(({ step, tokens }) => {
      const token = tokens[position]
      if (token === undefined) return []
      const { id, text, masked, confidence } = token
      return [{ step, id, text, masked, confidence }]
    })
  }
}
