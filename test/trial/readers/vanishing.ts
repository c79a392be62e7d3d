/** Readers of streams who leave in the middle, or stay and take nothing. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Draw } from '../../support/draw.js'
import { requestText } from '../../support/raw-connection.js'

const AT_ONCE = 16
const GROUP = 50
const PATIENCE_MS = 60_000
const BODY = JSON.stringify({ max_tokens: 60, steps: 200, stream: true })
/** 1.7 MB at once. */
const LARGE = requestText('GET', '/docs/reference/static/swagger-ui-bundle.js')
const STREAM = requestText('POST', '/v1/generate', { body: BODY })

async function open (url: string, bytes: string = STREAM): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).on('error', () => {})
  await once(socket, 'connect')
  socket.write(bytes)
  return socket
}

/**
 * Each leaves after some chunks, or before the first: by a reset, by an end, or by closing without a word.
 * @returns how many had been answered by then
 */
export async function vanishingReaders ({ url, count, seed }: {
  readonly url: string, readonly count: number, readonly seed: number
}): Promise<number> {
  const draw = new Draw(seed)
  let [next, answered] = [0, 0]
  const visitor = async (): Promise<void> => {
    while (next++ < count) {
      const socket = await open(url)
      let chunks = draw.integer(0, 4)
      const leave = draw.of(['reset', 'end', 'destroy'])
      socket.on('data', (data: Buffer) => {
        if (data.includes('HTTP/1.1 200')) answered++
        if (chunks-- <= 0) go(socket, leave)
      })
      if (chunks === 0) go(socket, leave)
      if (!socket.closed) await once(socket, 'close')
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, visitor))
  return answered
}

function go (socket: Socket, how: string): void {
  if (how === 'reset') socket.resetAndDestroy()
  else if (how === 'end') socket.end().destroy()
  else socket.destroy()
}

/**
 * They take nothing, in groups, until the service has let go of all of a group.
 * @throws Error where it does not within a minute
 */
export async function stallingReaders ({ url, count, settled }: {
  readonly url: string
  readonly count: number
  /** Whether the service has neither rows nor connections of theirs left. */
  readonly settled: () => Promise<boolean>
}): Promise<void> {
  for (let next = 0; next < count; next += GROUP) {
    const sockets = await Promise.all(Array.from({ length: Math.min(GROUP, count - next) }, async () => {
      // What is large fills the buffers between server and reader, so that the stream has to wait.
      const socket = await open(url, LARGE.repeat(4) + STREAM)
      return socket.pause()
    }))
    const begin = performance.now()
    let wereThere = false
    while (!wereThere || !await settled()) {
      wereThere ||= !await settled()
      if (performance.now() - begin > PATIENCE_MS) throw new Error(`readers who stall were not cut off within ${PATIENCE_MS} ms`)
      await delay(50)
    }
    for (const socket of sockets) socket.destroy()
  }
}
