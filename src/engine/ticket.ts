/**
 * Leave to have canvases refined, one call after another for each row: a place in the order, a deadline and a clock that all of
 * them share. What it is given is decided once, when the request is admitted.
 */
import type { Expectation, Work } from './admission.js'
import type { CanvasTemplate, GenerationRequest, GenerationResult, RanBatch, RowResult, StepListener, TicketObserver } from './request.js'
import { Row, type RowSource } from './row.js'
import { ScoreRow } from './score-row.js'

/** What the ticket needs of the engine. */
export interface TicketHost {
  readonly source: RowSource
  /** In ms of the engine's clock. */
  readonly now: () => number
  readonly add: (ticket: Ticket, row: Row) => void
  readonly remove: (row: Row) => void
}

export interface TicketTerms {
  readonly request: GenerationRequest
  /** Of its first row; the others follow. */
  readonly sequence: number
  /** In ms of the engine's clock. */
  readonly submittedAt: number
  /** A canvas after another, the same for each row. */
  readonly work: readonly Work[]
  /** When it was submitted. */
  readonly expected: Expectation
  readonly observer?: TicketObserver | undefined
}

/** One canvas of a row. */
export interface Canvas {
  /** Index into `GenerationRequest.rows`. */
  readonly row: number
  /** Of its text, from 0: each once, in order. */
  readonly block: number
  readonly template: CanvasTemplate
}

interface Call {
  readonly canvas: Canvas
  readonly resolve: (result: RowResult) => void
  readonly reject: (error: Error) => void
  readonly onStep: StepListener | undefined
}

export class Ticket {
  readonly terms: TicketTerms
  readonly #host: TicketHost
  readonly #calls = new Map<Row, Call>()
  /** Of each row: steps taken on canvases that are done, and whether more canvases may come. */
  readonly #rows: Array<{ steps: number, open: boolean }>
  #error: Error | undefined
  #startedAt: number | undefined
  /** When its first step was done. */
  #refinedAt: number | undefined
  #computeMs = 0
  /** Until when steps are counted in `computeMs`: those side by side count once. */
  #countedUntil = -Infinity
  #networkCalls = 0
  #positions = 0

  constructor (terms: TicketTerms, host: TicketHost) {
    this.terms = terms
    this.#host = host
    this.#rows = terms.request.rows.map(() => ({ steps: 0, open: true }))
  }

  /** Rows that take up room, whether a canvas of theirs is in the engine at the moment or not. */
  get places (): number {
    return this.#error === undefined ? this.#rows.filter(({ open }) => open).length : 0
  }

  /** Whether a canvas of it was ever on its way to a worker. */
  get begun (): boolean {
    return this.#startedAt !== undefined
  }

  /** The fewest steps that one of the rows has taken, and how many it was to take. */
  get progress (): { readonly taken: number, readonly steps: number } {
    const { request: { budget }, work } = this.terms
    const each = budget.kind === 'exact' ? budget.stepSizes.length : budget.max
    const rows = this.#rows.map(({ steps }) => ({ taken: steps, steps: steps + each * work.length }))
    for (const [row, { canvas }] of this.#calls) {
      const before = this.#rows[canvas.row]?.steps ?? 0
      rows[canvas.row] = { taken: before + row.step, steps: before + row.steps + each * row.plan.later.length }
    }
    return rows.reduce((a, b) => b.taken < a.taken ? b : a, rows[0] ?? { taken: 0, steps: 0 })
  }

  /**
   * Refine a row's next canvas to t = 1. After its last one, or `leave`, the row's place is free.
   * @throws FewstepError whatever ended the ticket
   */
  async refine (canvas: Canvas, onStep?: StepListener): Promise<RowResult> {
    if (this.#error !== undefined) throw this.#error
    const row = this.#createRow(canvas)
    const promise = new Promise<RowResult>((resolve, reject) => { this.#calls.set(row, { canvas, resolve, reject, onStep }) })
    this.#host.add(this, row)
    return await promise
  }

  /** The row has no more canvases. */
  leave (row: number): void {
    const state = this.#rows[row]
    if (state !== undefined) state.open = false
  }

  /** A canvas is on its way to a worker. */
  begin (): void {
    if (this.#startedAt !== undefined) return
    this.#startedAt = this.#host.now()
    this.terms.observer?.begun(this.terms.submittedAt, this.#startedAt)
  }

  /** A canvas took a step; whoever listens is told, and may throw. */
  stepped (row: Row, batch: RanBatch): void {
    const call = this.#calls.get(row)
    if (call === undefined) return
    const { step, steps, t } = row
    const { begin, end } = batch
    this.terms.observer?.stepped({ ...batch, row: call.canvas.row, block: call.canvas.block, step, steps })
    this.#computeMs += Math.max(0, end - Math.max(begin, this.#countedUntil))
    this.#countedUntil = end
    this.#refinedAt ??= end
    this.#networkCalls++
    this.#positions += row.paddedLength
    call.onStep?.({ row: call.canvas.row, step, steps, t, tokens: row.tokens.slice(), confidence: row.confidence.slice() })
    // Whoever listens may have ended the ticket.
    if (row.done && this.#calls.delete(row)) this.#refined(row, call)
  }

  /** A canvas's step failed, and is run again. */
  retried (row: Row): void {
    const call = this.#calls.get(row)
    if (call !== undefined) this.terms.observer?.retried(call.canvas.row, this.#host.now())
  }

  /** Nothing more comes of it: what is awaited, and whatever is asked for later, fails. */
  fail (error: Error): void {
    if (this.#error !== undefined) return
    this.#error = error
    for (const row of this.#calls.keys()) this.#host.remove(row)
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const { reject } of calls) reject(error)
  }

  /** What was done until now. */
  summary (): Omit<GenerationResult, 'rows'> {
    const now = this.#host.now()
    const { submittedAt } = this.terms
    return {
      timings: {
        queueMs: (this.#startedAt ?? now) - submittedAt,
        firstStepMs: (this.#refinedAt ?? now) - submittedAt,
        computeMs: this.#computeMs,
        totalMs: now - submittedAt
      },
      networkCalls: this.#networkCalls,
      positions: this.#positions
    }
  }

  #createRow ({ row, block, template }: Canvas): Row {
    const { request, sequence, submittedAt, work } = this.terms
    const { sampling, budget, stableBelow, deadlineMs = Infinity } = request
    const { now, source } = this.#host
    const { dueAt } = work[block] ?? {}
    const seed = request.rows[row]?.seed
    if (dueAt === undefined || seed === undefined) throw new RangeError(`row ${row} has no block ${block}`)
    const deadlineAt = submittedAt + deadlineMs
    // As much of the time that is left as this canvas has of the work that is left.
    const left = work.slice(block).reduce((sum, { paddedLength }) => sum + paddedLength, 0)
    const paceAt = now() + (deadlineAt - now()) * (work[block]?.paddedLength ?? 0) / left
    const plan = { sampling, budget, stableBelow, block, dueAt, deadlineAt, paceAt, later: work.slice(block + 1) }
    const Kind = request.scores === true ? ScoreRow : Row
    return new Kind(sequence + row, { seed, template }, plan, source)
  }

  #refined (row: Row, { canvas, resolve }: Call): void {
    const state = this.#rows[canvas.row]
    if (state !== undefined) state.steps += row.step
    if (row.plan.later.length === 0) this.leave(canvas.row)
    resolve(row.result())
  }
}
