/** Who is served, and how much: keys, limits, and what is told of them. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import type { Config } from '../../config.js'
import { FewstepError } from '../../errors.js'
import type { App, Exchange } from '../fastify.js'
import type { Admission, Admissions, Price } from '../generation/client-admission.js'
import { noteFacts } from '../log/request-log.js'
import { clientOfAddress } from './address.js'
import { Allowance } from './allowance.js'
import { Client, RateLimited } from './client.js'
import { GuardMetrics, NOBODY } from './guard-metrics.js'
import type { Key } from './key-line.js'
import type { Keyring } from './keyring.js'
import { hasLimits, limitsOf, type Limits } from './limits.js'
import { isForAdmins, isOpen } from './open-routes.js'
import { presentedKey } from './presented-key.js'
import { Recent } from './recent.js'
import { tellStanding } from './standing.js'

export type GuardSettings = Pick<Config,
  'metricsAccess' | 'requestsPerMinute' | 'positionsPerMinute' | 'canvasesAtOnce' | 'failedKeysPerMinute'>

export interface GuardOptions {
  readonly settings: GuardSettings
  /** undefined: everybody is served, and limits are an address's. */
  readonly keyring: Keyring | undefined
  readonly registry: Registry
  /** In ms, monotonic. */
  readonly now?: () => number
}

/** Whoever was let in. */
interface Guest {
  /** Of the key. */
  readonly name: string
  readonly client: Client
}

export class Guard implements Admissions {
  readonly #settings: GuardSettings
  readonly #keyring: Keyring | undefined
  readonly #metrics: GuardMetrics
  readonly #now: () => number
  readonly #defaults: Limits
  /** A key that is read again begins anew. */
  readonly #byKey = new WeakMap<Key, Guest>()
  readonly #byAddress = new Recent<Guest>()
  readonly #failures = new Recent<Allowance>()
  readonly #guests = new WeakMap<FastifyRequest['raw'], Guest>()

  constructor ({ settings, keyring, registry, now = () => performance.now() }: GuardOptions) {
    this.#settings = settings
    this.#keyring = keyring
    this.#metrics = new GuardMetrics(registry)
    this.#now = now
    this.#defaults = limitsOf(settings)
  }

  /**
   * Let a request in, or not.
   * @throws FewstepError invalid_api_key, forbidden or rate_limited
   */
  letIn ({ request, reply }: Exchange): void {
    const { url = '' } = request.routeOptions
    if (isOpen(url, this.#settings.metricsAccess === 'open')) return
    const guest = isForAdmins(url) ? this.#adminOf(request, reply) : this.#guestOf(request, reply)
    if (guest === undefined) return
    const { name, client } = guest
    const now = this.#now()
    this.#taking(guest, reply, now, () => { client.takeRequest(now) })
    this.#guests.set(request.raw, guest)
    this.#metrics.letIn(name)
  }

  admit ({ request, reply }: Exchange, price: Price): Admission {
    const guest = this.#guests.get(request.raw)
    if (guest === undefined) return { end: () => {} }
    const { name, client } = guest
    const now = this.#now()
    this.#taking(guest, reply, now, () => { client.takeWork(price, now) })
    return {
      end: (positions) => {
        client.leaveWork(price, price.positions - positions, this.#now())
        this.#metrics.worked(name, positions)
      }
    }
  }

  /** @returns undefined where there is nothing to count */
  #guestOf (request: FastifyRequest, reply: FastifyReply): Guest | undefined {
    if (this.#keyring?.guardsAll !== true) {
      if (!hasLimits(this.#defaults)) return undefined
      return this.#byAddress.get(clientOfAddress(request.ip), () => ({ name: NOBODY, client: new Client(this.#defaults) }))
    }
    return this.#guestWith(this.#keyOf(request, reply, this.#keyring))
  }

  /** Where nobody could be let in, even with a key, that is said instead of asking for one. */
  #adminOf (request: FastifyRequest, reply: FastifyReply): Guest {
    const key = this.#keyring === undefined ? undefined : this.#keyOf(request, reply, this.#keyring)
    if (key?.admin === true) return this.#guestWith(key)
    throw new FewstepError('forbidden', key !== undefined && this.#keyring?.hasAdmins === true
      ? `the key that was sent, ${key.name}, is not an admin's; send one that is`
      : 'this server has no admin: set FEWSTEP_ADMIN_KEYS, or write admin behind a key in FEWSTEP_API_KEYS_FILE')
  }

  #keyOf (request: FastifyRequest, reply: FastifyReply, keyring: Keyring): Key {
    const presented = presentedKey(request.headers)
    const key = presented === undefined ? undefined : keyring.find(presented)
    if (key === undefined) throw this.#notLetIn(request, reply, presented === undefined)
    noteFacts(request, { key: key.name })
    return key
  }

  #guestWith (key: Key): Guest {
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const guest = { name: key.name, client: new Client({ ...this.#defaults, ...key.limits }) }
    this.#byKey.set(key, guest)
    return guest
  }

  #notLetIn (request: FastifyRequest, reply: FastifyReply, hasNone: boolean): FewstepError {
    this.#metrics.refused(NOBODY, 'key')
    const { failedKeysPerMinute } = this.#settings
    const failures = this.#failures.get(clientOfAddress(request.ip), () => new Allowance(failedKeysPerMinute))
    const now = this.#now()
    if (!failures.take(1, now)) {
      return new FewstepError('rate_limited', 'your address has sent too many requests without a right key; wait, and send the right one',
        { retryAfterSeconds: Math.ceil(failures.waitMs(1, now) / 1000) })
    }
    reply.header('www-authenticate', 'Bearer')
    return new FewstepError('invalid_api_key', hasNone
      ? 'this server asks for a key; send it in the header "authorization: Bearer KEY" or "x-api-key: KEY"'
      : 'the key that was sent is not known here; send another one in the header "authorization: Bearer KEY" or "x-api-key: KEY"')
  }

  /** The client is told what is left to it, whether it may or not. */
  #taking ({ name, client }: Guest, reply: FastifyReply, now: number, take: () => void): void {
    try {
      take()
    } catch (error) {
      if (error instanceof RateLimited) {
        this.#metrics.refused(name, error.limit)
        // Clients of OpenAI's make would ask again, and never be let in.
        if (error.retryAfterSeconds === undefined) reply.header('x-should-retry', 'false')
      }
      throw error
    } finally {
      tellStanding(reply, client.standing(now))
    }
  }
}

/** Behind what needs no key to be refused: a route that does not exist. Of every route, since it asks the route and not the path. */
export function addGuard (app: App, guard: Guard): void {
  app.addHook('onRequest', async (request, reply) => { guard.letIn({ request, reply }) })
}
