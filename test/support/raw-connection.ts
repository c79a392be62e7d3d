/** A bare TCP connection: what no HTTP client would send, and exactly what comes back. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export class RawConnection {
  readonly socket: Socket
  /** All that has come. */
  received = ''
  /** Resolves when the server has closed. */
  readonly ended: Promise<void>

  private constructor (socket: Socket) {
    this.socket = socket
    this.ended = new Promise((resolve) => { socket.once('close', () => { resolve() }) })
    socket.setEncoding('latin1').on('data', (text: string) => { this.received += text })
    socket.on('error', () => {}) // a reset is an end, too
  }

  static async open (url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  send (text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** Wait until the pattern has come. */
  async see (pattern: RegExp): Promise<void> {
    while (!pattern.test(this.received)) {
      if (this.socket.destroyed) throw new Error(`closed after ${JSON.stringify(this.received)}`)
      await Promise.race([once(this.socket, 'data'), this.ended])
    }
  }

  /** All that comes until the server closes. */
  async all (): Promise<string> {
    await this.ended
    return this.received
  }

  /** The responses that came until the server closed; each says how long it is. */
  async responses (): Promise<RawResponse[]> {
    const responses = []
    for (let rest = await this.all(); rest !== '';) {
      const end = rest.indexOf('\r\n\r\n') + 4
      const [statusLine = '', ...lines] = rest.slice(0, end - 4).split('\r\n')
      const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
      const next = end + Number(headers['content-length'])
      if (!/^HTTP\/1\.1 \d+/.test(statusLine) || !(next <= rest.length)) throw new Error(`no response: ${JSON.stringify(rest)}`)
      responses.push({ status: Number(statusLine.split(' ')[1]), headers, body: rest.slice(end, next) })
      rest = rest.slice(next)
    }
    return responses
  }
}

/** The text of a request. */
export function requestText (method: string, path: string, { body = '', headers = {} }: { body?: string, headers?: Record<string, string> } = {}): string {
  const all = { host: 'test', ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }), ...headers }
  return `${method} ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}
