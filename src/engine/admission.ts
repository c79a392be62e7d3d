/** Whether a request is worth admitting: how long it would wait and take, from the cost curve. Pure. */
import type { Candidate, Snapshot } from './candidate.js'
import type { Lateness } from './lateness.js'

/** Share of a limit that is planned with: steps to come may take longer than those before. */
const CAUTION = 0.8

/** Steps on one canvas. */
export interface Work extends Pick<Candidate, 'paddedLength' | 'lane' | 'dueAt' | 'stepsLeft'> {
  /** Steps that it will yet take while the load is this: rows admitted over rows that run side by side at full throughput. */
  readonly stepsUnder: (load: number) => number
}

/** A row: the work on the canvas that it has, but for `stepsLeft`, which counts all. */
export interface Admissible extends Work {
  /** On those that come after it, in the order in which they are due; absent: none. */
  readonly later?: readonly Work[]
}

export interface AdmissionSnapshot {
  /** All rows that wait or run. */
  readonly admitted: Iterable<Admissible>
  /** How many they are. */
  readonly count: number
  readonly workers: number
  readonly maxBatch: number
  readonly costs: Pick<Snapshot<Candidate>['costs'], 'estimate' | 'efficientRows'>
}

/** Of a request, in ms; 0 where costs are not known. */
export interface Expectation {
  /** Until all that is here already is done. */
  readonly workMs: number
  /** The same, but for those beside whom it has room: so long the queue is. */
  readonly queueMs: number
  /** Until its first step: of the queue what is due before it. */
  readonly waitMs: number
  /** From then on, with the batches as full as they would be. */
  readonly ownMs: number
  /** The same with the fewest steps. */
  readonly fewestMs: number
  /** And that alone on an idle machine. */
  readonly aloneMs: number
}

export type Verdict =
  | 'admitted'
  /** Its deadline could not be met even by an idle machine. */
  | 'too_short'
  /** Its deadline could not be met now. */
  | 'too_late'
  /** The queue is too long. */
  | 'too_long'

/** The rows of one length and lane. */
class Kind {
  /** Here, and of those due before the newcomer. */
  readonly all = { rows: 0, steps: 0 }
  readonly before = { rows: 0, steps: 0 }
  /** Rows of it that run side by side at full throughput. */
  readonly places: number
  readonly #stepMs: (rows: number) => number
  readonly #workers: number

  constructor ({ paddedLength, lane }: Pick<Work, 'paddedLength' | 'lane'>, { workers, maxBatch, costs }: AdmissionSnapshot) {
    this.places = workers * costs.efficientRows(paddedLength, maxBatch, lane)
    this.#stepMs = (rows) => costs.estimate(rows, paddedLength, lane)
    this.#workers = workers
  }

  add (steps: number, isBefore: boolean): void {
    for (const tally of isBefore ? [this.all, this.before] : [this.all]) {
      tally.rows++
      tally.steps += steps
    }
  }

  /** All workers' time for so many steps of so many rows, which share their batches. */
  workMs ({ rows, steps }: Readonly<Kind['all']>): number {
    return steps === 0 ? 0 : steps * this.#stepMs(this.#size(rows)) / this.#size(rows) / this.#workers
  }

  /** Time of so many steps of a request of `own` rows among `rows` in all: more than there are places for take turns. */
  requestMs (steps: number, own: number, rows: number): number {
    const size = this.#size(rows)
    return steps * this.#stepMs(size) * Math.max(1, own / (size * this.#workers))
  }

  #size (rows: number): number {
    return Math.ceil(Math.min(this.places, rows) / this.#workers)
  }
}

/**
 * What a request has to expect whose rows are of one kind and due together. Workers do what is due first, each in batches
 * as large as throughput needs or there are rows for. Canvases that a row will have later count where they are due before the
 * newcomer's first: the others get out of its way.
 */
export function expectation (newcomer: Admissible, newRows: number, snapshot: AdmissionSnapshot): Expectation {
  const { admitted, count } = snapshot
  const kinds = new Map<string, Kind>()
  const kindOf = (row: Work): Kind => {
    const key = `${row.paddedLength} ${row.lane}`
    const kind = kinds.get(key) ?? new Kind(row, snapshot)
    kinds.set(key, kind)
    return kind
  }
  for (const row of admitted) {
    const kind = kindOf(row)
    kind.add(row.stepsUnder(count / kind.places), row.dueAt <= newcomer.dueAt)
    for (const work of row.later ?? []) {
      if (work.dueAt > newcomer.dueAt) break
      const next = kindOf(work)
      next.add(work.stepsUnder(count / next.places), true)
    }
  }
  const own = kindOf(newcomer)
  const sharing = own.before.rows + newRows
  const all = [...kinds.values()]
  const waitsFor = (which: 'all' | 'before'): number =>
    sum(all.filter((kind) => kind !== own || own[which].rows >= own.places).map((kind) => kind.workMs(kind[which])))
  const { later = [] } = newcomer
  const fewest = newcomer.stepsLeft - sum(later.map(({ stepsLeft }) => stepsLeft))
  const load = (count + newRows) / own.places
  const laterMs = (steps: (work: Work) => number): number => sum(later.map((work) => kindOf(work).requestMs(steps(work), newRows, newRows)))
  const fewestLaterMs = laterMs(({ stepsLeft }) => stepsLeft)
  return {
    workMs: sum(all.map((kind) => kind.workMs(kind.all))),
    queueMs: waitsFor('all'),
    waitMs: waitsFor('before'),
    ownMs: own.requestMs(newcomer.stepsUnder(load), newRows, sharing) + laterMs((work) => work.stepsUnder(load)),
    fewestMs: own.requestMs(fewest, newRows, sharing) + fewestLaterMs,
    aloneMs: own.requestMs(fewest, newRows, newRows) + fewestLaterMs
  }
}

/**
 * @param lateness by which waiting lately took longer than expected, on average and with a margin
 * @param deadlineMs Infinity without one
 * @param maxWaitMs within so long a request should be done; one that takes long itself may still wait for half of it
 */
export function verdict (
  { workMs, queueMs, waitMs, ownMs, fewestMs, aloneMs }: Expectation, lateness: Pick<Lateness, 'factor' | 'cautious'>, deadlineMs: number, maxWaitMs: number
): Verdict {
  if (aloneMs > deadlineMs) return 'too_short'
  // Nobody is locked out by what was learned: where nothing else is here, costs alone decide.
  if (workMs > 0 && lateness.cautious * (waitMs + fewestMs) > deadlineMs) return 'too_late'
  const longestMs = CAUTION * maxWaitMs / lateness.factor
  // Who jumps the queue makes it longer, too.
  return queueMs > Math.max(longestMs - ownMs, longestMs / 2) ? 'too_long' : 'admitted'
}

function sum (values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
