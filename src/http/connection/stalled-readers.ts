/** Readers who do not take what they are sent. */
import type { ServerResponse } from 'node:http'
import type { App } from '../fastify.js'
import { noteFacts } from '../log/request-log.js'
import type { OpenReplies } from './open-replies.js'

/**
 * Cuts those off to whom a piece of their answer has been on its way for `limitMs`, while the app listens. What is written at
 * once (an event of a stream, a JSON answer) must be taken within that time, so a byte a second does not count as taking.
 */
export function cutStalledReaders (app: App, replies: OpenReplies, limitMs: () => number): void {
  const stalls = new WeakMap<ServerResponse, { since: number }>()
  const look = (): void => {
    const now = performance.now()
    for (const { raw } of replies) {
      const stall = stalls.get(raw) ?? stallOf(raw)
      // One without a socket waits for the answers before it.
      if (raw.socket === null || raw.writableLength === 0) stall.since = now
      else if (now - stall.since > limitMs()) {
        noteFacts({ raw: raw.req }, { cut_off: 'reader stalled' })
        raw.destroy()
      }
    }
  }
  const stallOf = (raw: ServerResponse): { since: number } => {
    const stall = { since: performance.now() }
    stalls.set(raw, stall)
    raw.on('drain', () => { stall.since = performance.now() })
    return stall
  }
  let timer: NodeJS.Timeout | undefined
  app.addHook('onListen', async () => { timer = setInterval(look, Math.min(1000, limitMs() / 4)) })
  app.addHook('onClose', async () => { clearInterval(timer) })
}
