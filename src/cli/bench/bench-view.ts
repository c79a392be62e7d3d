/** How a load run stands, in one line of a terminal. */
import type { LoadOptions } from '../../load/options.js'
import type { Standing } from '../../load/run-load.js'
import { median } from '../../load/statistics.js'
import { digits } from './table.js'

const CLEAR_LINE = '\r\x1b[K'
/** No more often is it drawn. */
const INTERVAL_MS = 200
/** Answers that the median is of. */
const RECENT = 100

interface Terminal {
  readonly columns: number
  write: (text: string) => unknown
}

export class BenchView {
  readonly #terminal: Terminal | undefined
  readonly #options: LoadOptions
  #drawnAt = -Infinity

  /** @param terminal undefined: nobody looks */
  constructor (terminal: Terminal | undefined, options: LoadOptions) {
    this.#terminal = terminal
    this.#options = options
  }

  show (standing: Standing): void {
    if (this.#terminal === undefined || standing.elapsedMs < this.#drawnAt + INTERVAL_MS) return
    this.#drawnAt = standing.elapsedMs
    this.#terminal.write(CLEAR_LINE + lineOf(this.#options, standing).slice(0, (this.#terminal.columns || 80) - 1))
  }

  close (): void {
    if (this.#drawnAt >= 0) this.#terminal?.write(CLEAR_LINE)
  }
}

export function lineOf ({ loop, durationS, warmupS }: LoadOptions, { elapsedMs, outcomes, inFlight }: Standing): string {
  const answered = outcomes.filter(({ status }) => status === '200')
  const recent = answered.slice(-RECENT).map(({ doneMs, scheduledMs }) => doneMs - scheduledMs)
  return [
    `${(elapsedMs / 1000).toFixed(1)} of ${warmupS + durationS} s`,
    loop.kind === 'open' ? `${loop.rate} a second` : `${loop.concurrency} clients`,
    `${answered.length} answered`,
    `${outcomes.length - answered.length} not`,
    `${inFlight} under way`,
    ...(recent.length === 0 ? [] : [`median of late ${digits(median(recent))} ms`])
  ].join(' · ')
}
