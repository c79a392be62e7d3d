/**
 * Where log lines go. The service never waits for it and never fails because of it: what standard output cannot take (a
 * full disk, a reader that has left or stalls) is dropped, counted, and told of once there is room again.
 */
import { writeSync } from 'node:fs'

const MAX_WAITING_BYTES = 1024 * 1024
const RETRY_MS = 100
/** How long the end of the process waits for such a reader. */
const LAST_WAIT_MS = 500
const LAST_RETRY_MS = 10
const LINE_BREAK = 0x0a

export interface Loss {
  readonly lines: number
  /** Of the last one. */
  readonly reason: string
}

export class LogSink {
  readonly #fd: number
  readonly #onRecovery: (loss: Loss) => void
  readonly #maxWaitingBytes: number
  /** Only where the reader of a pipe stalls; the first one may be cut. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #retry: NodeJS.Timeout | undefined
  #dropped = 0
  /** Dropped, and nobody has been told. */
  #loss: Loss | undefined
  /** What was written last is the beginning of a line that was dropped. */
  #torn = false

  /**
   * @param fd a file, or a pipe or terminal that does not block: Node's are so once `process.stdout` was looked at
   * @param onRecovery after the first write that succeeds again; it may write
   * @param maxWaitingBytes what is kept for a reader that stalls
   */
  constructor (fd: number, onRecovery: (loss: Loss) => void, maxWaitingBytes = MAX_WAITING_BYTES) {
    this.#fd = fd
    this.#onRecovery = onRecovery
    this.#maxWaitingBytes = maxWaitingBytes
  }

  /** Lines dropped so far. */
  get dropped (): number {
    return this.#dropped
  }

  /** @param line with its line break */
  write (line: string): void {
    const bytes = Buffer.from(this.#torn ? `\n${line}` : line)
    if (this.#waiting.length === 0) this.#attempt(bytes)
    else if (this.#waitingBytes + bytes.length <= this.#maxWaitingBytes) this.#wait(bytes)
    else this.#drop('its reader is too slow')
  }

  /** Write what waits, within half a second; the rest is dropped. */
  flushSync (): void {
    const end = performance.now() + LAST_WAIT_MS
    const sleep = new Int32Array(new SharedArrayBuffer(4))
    while (this.#waiting.length > 0 && performance.now() < end) {
      this.#writeWaiting()
      if (this.#waiting.length > 0) Atomics.wait(sleep, 0, 0, LAST_RETRY_MS)
    }
  }

  #attempt (bytes: Buffer): void {
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN') {
        this.#wait(bytes.subarray(written))
      } else {
        if (written > 0) this.#torn = bytes[written - 1] !== LINE_BREAK
        this.#drop(message)
      }
      return
    }
    this.#torn = false
    this.#recovered()
  }

  #wait (bytes: Buffer): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      this.#writeWaiting()
    }, RETRY_MS).unref()
  }

  #writeWaiting (): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    for (const bytes of waiting) {
      if (this.#waiting.length > 0) this.#wait(bytes)
      else this.#attempt(bytes)
    }
  }

  #drop (reason: string): void {
    this.#dropped++
    this.#loss = { lines: (this.#loss?.lines ?? 0) + 1, reason }
  }

  #recovered (): void {
    const loss = this.#loss
    this.#loss = undefined
    if (loss !== undefined) this.#onRecovery(loss)
  }
}
