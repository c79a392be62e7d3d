/** How a service leaves: moved on by server/, looked at by hooks and routes. */
import { shuttingDown } from '../../engine/refusals.js'
import { noteFacts } from '../log/request-log.js'
import type { OpenReplies } from './open-replies.js'
import { isUnfinished, refuseUnfinished } from './unfinished-request.js'

/** serving: as ever. leaving: not ready, but what comes is still served. refusing: what runs finishes, nothing new begins. */
export type Phase = 'serving' | 'leaving' | 'refusing'

export class Lifecycle {
  /** Of requests that have not been answered whole. */
  readonly replies: OpenReplies
  #phase: Phase = 'serving'

  constructor (replies: OpenReplies) {
    this.replies = replies
  }

  get phase (): Phase {
    return this.#phase
  }

  leave (): void {
    this.#phase = 'leaving'
  }

  /** Also those whose request has not come whole: it could no longer be served. */
  refuse (): void {
    this.#phase = 'refusing'
    for (const reply of this.replies) if (isUnfinished(reply)) refuseUnfinished(reply, shuttingDown())
    this.replies.closeConnections()
  }

  /** For the log: what is not answered now will not be. */
  noteCutOff (): void {
    for (const { request } of this.replies) noteFacts(request, { cut_off: 'shutdown' })
  }
}
