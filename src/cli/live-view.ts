/** Outputs refined in place on a terminal. */
import type { Output, Refinement, ReplayItem } from '../client/index.js'
import type { View } from './commands.js'
import { draftOf, type DraftPiece } from './draft.js'
import { renderFrame } from './frame.js'
import { legendOf } from './legend.js'
import type { Palette } from './palette.js'
import { HIDE_CURSOR, Screen, SHOW_CURSOR } from './screen.js'

/** The part of process.stdout that is used. */
export interface Terminal {
  readonly columns: number
  readonly rows: number
  write: (text: string) => unknown
}

export interface LiveViewOptions {
  readonly terminal: Terminal
  readonly view: View
  readonly palette: Palette | undefined
  readonly prompt: string
  /** Before the first refinement: of each output, what is known of it. */
  readonly drafts: ReadonlyArray<readonly DraftPiece[]>
  /** What is said until then. */
  readonly status: string
}

export class LiveView {
  readonly #options: LiveViewOptions
  readonly #screen = new Screen()
  readonly #prompt: readonly DraftPiece[]
  readonly #drafts: Array<readonly DraftPiece[]>
  readonly #statuses: string[]
  /** The last refinement of each output. */
  readonly #states: Array<Refinement | undefined> = []
  #steps = 1
  #done = false

  constructor (options: LiveViewOptions) {
    this.#options = options
    this.#prompt = options.prompt === '' ? [] : [{ text: options.prompt, given: true }]
    this.#drafts = [...options.drafts]
    this.#statuses = options.drafts.map(() => options.status)
    options.terminal.write(HIDE_CURSOR)
    this.#draw()
  }

  /** Show one refinement, what it changed highlighted; or, at the end, the finished texts in full. */
  show (item: ReplayItem): void {
    const { view } = this.#options
    if (item.type === 'step') {
      const { index, step, steps, atMs } = item
      this.#states[index] = item
      this.#steps = steps
      this.#drafts[index] = draftOf(item, view)
      this.#statuses[index] = `step ${step}/${steps} · ${perStep(atMs, step)}`
    } else if (item.type === 'done') {
      this.#done = true
      this.#states.forEach((state, i) => { if (state !== undefined) this.#drafts[i] = draftOf(state, view, true) })
      for (const output of item.generation.outputs) {
        this.#statuses[output.index] = summary(output, this.#states[output.index]?.atMs ?? item.atMs)
      }
    }
    this.#draw()
  }

  /** The terminal has another size. What is finished stays as it is. */
  resized (): void {
    if (!this.#done) this.#draw()
  }

  /** Leave what is shown and give the cursor back. */
  close (): void {
    this.#options.terminal.write(SHOW_CURSOR)
  }

  #draw (): void {
    const { terminal, view, palette } = this.#options
    // Some terminals do not know their size and say 0.
    const columns = terminal.columns || 80
    const rows = this.#done ? Infinity : terminal.rows || 24
    // The last column stays free, since terminals differ in what follows a full line; so does the cursor's row.
    const width = Math.max(1, columns - 1)
    const legend = legendOf(view, this.#steps, width, palette)
    const outputs = Array.from(this.#drafts, (draft = [], i) => ({ pieces: [...this.#prompt, ...draft], status: this.#statuses[i] ?? '' }))
    // A very low terminal has no room for it.
    const shown = legend !== undefined && rows > 4 ? [legend] : []
    const lines = renderFrame(outputs, { columns: width, rows: rows - 1 - shown.length, palette })
    terminal.write(this.#screen.draw([...lines, ...shown], columns))
  }
}

function perStep (ms: number, steps: number): string {
  return `${(ms / steps).toFixed(1)} ms a step`
}

function summary ({ steps, seed, finish_reason: reason }: Output, ms: number): string {
  return `${steps} ${steps === 1 ? 'step' : 'steps'} · ${perStep(ms, steps)} · seed ${seed} · ${reason === 'stop' ? 'ended by itself' : 'full length'}`
}
