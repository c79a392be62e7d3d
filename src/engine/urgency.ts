/** In which order waiting rows are served: those who can still be helped first, among them the earliest due. */
import type { Candidate, Snapshot } from './candidate.js'

/** So many full batches waiting for each idle worker are a crowd: not all of these rows will be served in time. */
const CROWD = 2

const IN_TURN = 0
const GIVEN_UP = 1
const LOST = 2

/** What holds for all rows of one length and lane. */
interface Kind {
  /** Rows that would run together. */
  readonly size: number
  /** A step of as many as throughput needs, or are there, in ms. */
  readonly fullMs: number
  /** A step of one. */
  readonly loneMs: number
  /** Many more wait than run next. */
  readonly crowded: boolean
}

/**
 * Who would miss its deadline even alone comes last: work on it is lost to those who can still be served. In a crowd
 * those who could make it only in a batch smaller than throughput needs come after all who can in a full one: else
 * overload lets everybody come close to the deadline, batches shrink, and less is done in time just when most is asked for.
 */
export class Urgency {
  readonly #snapshot: Pick<Snapshot<Candidate>, 'costs' | 'maxBatch' | 'now'>
  /** Waiting rows for each idle worker. */
  readonly #share: number
  readonly #kinds = { step: new Map<number, Kind>(), filter: new Map<number, Kind>(), score: new Map<number, Kind>() }

  constructor (snapshot: Pick<Snapshot<Candidate>, 'costs' | 'maxBatch' | 'now'>, share: number) {
    this.#snapshot = snapshot
    this.#share = share
  }

  /** Rows of this one's kind that would run together. */
  sizeFor (row: Candidate): number {
    return this.#kindOf(row).size
  }

  /** Whether it misses its deadline even alone. */
  isLost (row: Candidate): boolean {
    return this.#rank(row) === LOST
  }

  /** Negative: a is served before b. */
  compare (a: Candidate, b: Candidate): number {
    return this.#rank(a) - this.#rank(b) || a.dueAt - b.dueAt || a.sequence - b.sequence
  }

  #rank (row: Candidate): number {
    if (row.deadlineAt === Infinity) return IN_TURN
    const { fullMs, loneMs, crowded } = this.#kindOf(row)
    const stepMs = (row.deadlineAt - this.#snapshot.now) / row.stepsLeft
    if (loneMs > stepMs) return LOST
    return crowded && fullMs > stepMs ? GIVEN_UP : IN_TURN
  }

  #kindOf ({ paddedLength, lane }: Candidate): Kind {
    const kinds = this.#kinds[lane]
    const known = kinds.get(paddedLength)
    if (known !== undefined) return known
    const { costs, maxBatch } = this.#snapshot
    const efficient = costs.efficientRows(paddedLength, maxBatch, lane)
    const kind = {
      size: Math.min(this.#share, costs.rowsToRun(paddedLength, maxBatch, lane)),
      fullMs: costs.estimate(Math.min(this.#share, efficient), paddedLength, lane),
      loneMs: costs.estimate(1, paddedLength, lane),
      crowded: this.#share > CROWD * efficient
    }
    kinds.set(paddedLength, kind)
    return kind
  }
}
