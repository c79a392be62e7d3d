/** Whoever asks, by key or by address, and what of its limits is left. */
import { FewstepError } from '../../errors.js'
import type { Price } from '../generation/client-admission.js'
import { Allowance, type Rest } from './allowance.js'
import type { Limits } from './limits.js'

/** The limit at which somebody was refused. */
export type LimitName = 'requests' | 'positions' | 'canvases'

/** Rests of those limits that there are. */
export type Standing = Partial<Record<LimitName, Rest>>

export class RateLimited extends FewstepError {
  /** @param waitMs Infinity: it will never be let in */
  constructor (readonly limit: LimitName, message: string, waitMs: number) {
    super('rate_limited', message, waitMs === Infinity ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) })
  }
}

/** How long a canvas may take until the next one finds room: nobody knows, and asking costs little. */
const A_CANVAS_MS = 1000

export class Client {
  readonly limits: Limits
  readonly #requests: Allowance | undefined
  readonly #positions: Allowance | undefined
  /** In the engine. */
  #canvases = 0

  constructor (limits: Limits) {
    const { requestsPerMinute, positionsPerMinute } = limits
    this.limits = limits
    this.#requests = requestsPerMinute === undefined ? undefined : new Allowance(requestsPerMinute)
    this.#positions = positionsPerMinute === undefined ? undefined : new Allowance(positionsPerMinute)
  }

  /** @throws RateLimited */
  takeRequest (now: number): void {
    if (this.#requests === undefined || this.#requests.take(1, now)) return
    const { perMinute } = this.#requests
    throw new RateLimited('requests', `this is more than ${perMinute} requests a minute; wait`, this.#requests.waitMs(1, now))
  }

  /** @throws RateLimited; nothing was taken then */
  takeWork ({ canvases, positions }: Price, now: number): void {
    const { canvasesAtOnce = Infinity, positionsPerMinute = 0 } = this.limits
    if (this.#canvases + canvases > canvasesAtOnce) {
      const never = canvases > canvasesAtOnce
      throw new RateLimited('canvases', `the request needs ${canvases} canvases and ${this.#canvases} of ${canvasesAtOnce} are taken; ` +
        (never ? 'ask for fewer outputs' : 'wait for them, or ask for fewer outputs'), never ? Infinity : A_CANVAS_MS)
    }
    if (this.#positions?.take(positions, now) === false) {
      const waitMs = this.#positions.waitMs(positions, now)
      throw new RateLimited('positions', `the request costs ${positions} positions (outputs x steps x padded length) and ` +
        `${this.#positions.rest(now).remaining} of ${positionsPerMinute} a minute are left; ` +
        (waitMs === Infinity ? 'ask for fewer outputs, steps or tokens' : 'wait, or ask for fewer outputs, steps or tokens'), waitMs)
    }
    this.#canvases += canvases
  }

  /** @param unused of the positions that were taken */
  leaveWork ({ canvases }: Price, unused: number, now: number): void {
    this.#canvases -= canvases
    this.#positions?.giveBack(unused, now)
  }

  standing (now: number): Standing {
    const { canvasesAtOnce } = this.limits
    return {
      ...this.#requests && { requests: this.#requests.rest(now) },
      ...this.#positions && { positions: this.#positions.rest(now) },
      ...canvasesAtOnce !== undefined && {
        canvases: { limit: canvasesAtOnce, remaining: Math.max(0, canvasesAtOnce - this.#canvases), resetSeconds: undefined }
      }
    }
  }
}
