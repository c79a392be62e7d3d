/** Outputs refined in place on a terminal. */
import type { PreparedGeneration, TextResult, TextStep } from '../generation/index.js'
import { firstDraft, refine, type DraftPiece } from './draft.js'
import { renderFrame } from './frame.js'
import { HIDE_CURSOR, Screen, SHOW_CURSOR } from './screen.js'

/** The part of process.stdout that is used. */
export interface Terminal {
  readonly columns: number
  readonly rows: number
  write: (text: string) => unknown
}

export interface LiveViewOptions {
  readonly terminal: Terminal
  readonly color: boolean
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

export class LiveView {
  readonly #terminal: Terminal
  readonly #color: boolean
  readonly #now: () => number
  readonly #screen = new Screen()
  readonly #prompt: readonly DraftPiece[]
  readonly #startedAt: number
  #drafts: DraftPiece[][]
  #statuses: string[]

  constructor (prepared: PreparedGeneration, prompt: string, { terminal, color, now }: LiveViewOptions) {
    this.#terminal = terminal
    this.#color = color
    this.#now = now
    this.#prompt = [{ text: prompt, given: true, changed: false }]
    this.#startedAt = now()
    const { rows, budget } = prepared.engineRequest
    const steps = budget.kind === 'exact' ? budget.stepSizes.length : budget.max
    this.#drafts = rows.map(() => firstDraft(prepared))
    this.#statuses = rows.map(() => `step 0/${steps}`)
    terminal.write(HIDE_CURSOR)
    this.#draw()
  }

  /** Show one refinement, what it changed highlighted. */
  step ({ index, step, steps, changes }: TextStep): void {
    this.#drafts = this.#drafts.map((draft, i) => i === index ? refine(draft, changes) : draft)
    this.#statuses[index] = `step ${step}/${steps} · ${this.#msPerStep(step)}`
    this.#draw()
  }

  /** Show the finished texts in full, nothing highlighted. */
  done ({ outputs }: TextResult): void {
    // A refinement of nothing: nothing changed.
    this.#drafts = this.#drafts.map((draft) => refine(draft, []))
    this.#statuses = outputs.map(({ steps, seed, finishReason }) =>
      `${steps} ${steps === 1 ? 'step' : 'steps'} · ${this.#msPerStep(steps)} · seed ${seed} · ${finishReason === 'stop' ? 'ended by itself' : 'full length'}`)
    this.#draw({ inFull: true })
  }

  /** Leave what is shown and give the cursor back. */
  close (): void {
    this.#terminal.write(SHOW_CURSOR)
  }

  #msPerStep (steps: number): string {
    return `${((this.#now() - this.#startedAt) / steps).toFixed(1)} ms a step`
  }

  #draw ({ inFull = false } = {}): void {
    // Some terminals do not know their size and say 0.
    const columns = this.#terminal.columns || 80
    const rows = inFull ? Infinity : this.#terminal.rows || 24
    const outputs = this.#drafts.map((draft, i) => ({ pieces: [...this.#prompt, ...draft], status: this.#statuses[i] ?? '' }))
    // The last column stays free, since terminals differ in what follows a full line; so does the cursor's row.
    const lines = renderFrame(outputs, { columns: Math.max(1, columns - 1), rows: rows - 1, color: this.#color })
    this.#terminal.write(this.#screen.draw(lines, columns))
  }
}
