/** A log that tests can wait on. */
import { EventEmitter, once } from 'node:events'
import { pino, type Logger } from 'pino'

export type LogLine = Readonly<Record<string, unknown>>

export class TestLog {
  readonly logger: Logger
  readonly #lines: LogLine[] = []
  readonly #events = new EventEmitter()

  constructor (level = 'info') {
    this.logger = pino({ level }, {
      write: (text) => {
        const line = JSON.parse(text) as LogLine
        this.#lines.push(line)
        this.#events.emit('line', line)
      }
    })
  }

  /** So far. */
  get lines (): readonly LogLine[] {
    return this.#lines
  }

  with (msg: string): LogLine[] {
    return this.#lines.filter((line) => line.msg === msg)
  }

  /** Resolves when `count` lines say so. */
  async says (msg: string, count = 1): Promise<void> {
    while (this.with(msg).length < count) await once(this.#events, 'line')
  }
}
