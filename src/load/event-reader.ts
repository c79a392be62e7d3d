/** Just enough of a server-sent event stream: when the first refinement came, and what the last event said. */

export interface FinalEvent {
  readonly event: 'done' | 'error'
  readonly data: string
}

export class EventReader {
  /** A refinement has come. */
  refined = false
  final: FinalEvent | undefined
  #text = ''

  /** Events between the first refinement and the last event are not looked into: reading must stay cheap beside serving. */
  push (chunk: string): void {
    this.#text += chunk
    for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
      this.#read(this.#text.slice(0, end))
      this.#text = this.#text.slice(end + 2)
    }
  }

  #read (block: string): void {
    if (block.startsWith('event: step\n')) this.refined = true
    const [, event, data] = /^event: (done|error)\ndata: (.*)$/.exec(block) ?? []
    if (event !== undefined && data !== undefined) this.final = { event: event as FinalEvent['event'], data }
  }
}
