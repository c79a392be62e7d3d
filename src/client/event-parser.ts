/** Server-sent events out of text that comes in pieces: the "event stream interpretation" of the HTML standard. */

export interface ParsedEvent {
  /** 'message' where the event has no name. */
  readonly event: string
  readonly data: string
}

export class EventParser {
  /** What came after the last whole line. */
  #rest = ''
  #event = ''
  #data: string[] = []

  /** @returns the events that are whole now; comments and other fields are passed over */
  push (text: string): ParsedEvent[] {
    const events: ParsedEvent[] = []
    // A line break may be \r\n: of a \r at the very end it is not known yet.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) events.push({ event: this.#event || 'message', data: this.#data.join('\n') })
        this.#event = ''
        this.#data = []
      } else {
        this.#field(line)
      }
    }
    return events
  }

  #field (line: string): void {
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (name === 'event') this.#event = value
    else if (name === 'data') this.#data.push(value)
  }
}
