/** Whether a client may have a generation: asked of whoever guards the service, once for each, by all dialects alike. */
import { priceOf, type Price, type TextEvent, type TextResult } from '../../generation/index.js'
import { asFewstepError } from '../errors/error-body.js'
import type { Exchange } from '../fastify.js'
import type { Part } from './merged.js'
import type { Outcome } from './outcome.js'
import type { ServedGeneration } from './served-generation.js'

export type { Price }

/** The leave to generate. */
export interface Admission {
  /** The generation is over, and did so much work; to be called once. */
  readonly end: (positions: number) => void
}

export interface Admissions {
  /**
   * @param price the most that it can cost
   * @throws FewstepError rate_limited
   */
  readonly admit: (exchange: Exchange, price: Price) => Admission
}

/** Of these the client is to blame, and how far they came is not known: they cost what they might have. The other failures cost nothing. */
const PAID_WHOLE: ReadonlySet<Outcome> = new Set(['cancelled', 'deadline_exceeded'])

/** Positions that are paid for by whom the work failed with this error. */
export function paidAfter (error: unknown, price: Price): number {
  return PAID_WHOLE.has(asFewstepError(error).code) ? price.positions : 0
}

/** The same generation, admitted when it begins and paid for when it ends. */
export function admitted (admissions: Admissions, exchange: Exchange, { prepared, whole, events }: ServedGeneration): ServedGeneration {
  const price = priceOf(prepared)
  const priceAfter = (error: unknown): number => paidAfter(error, price)
  const taken = (results: readonly TextResult[]): number => results.reduce((sum, { usage }) => sum + usage.positions, 0)
  return {
    prepared,
    whole: async () => {
      const admission = admissions.admit(exchange, price)
      let results: TextResult[]
      try {
        results = await whole()
      } catch (error) {
        admission.end(priceAfter(error))
        throw error
      }
      admission.end(taken(results))
      return results
    },
    events: async function * (): AsyncGenerator<Part<TextEvent>, void, undefined> {
      const admission = admissions.admit(exchange, price)
      // Unless more is heard of it, the reader left.
      let { positions } = price
      const results: TextResult[] = []
      try {
        for await (const part of events()) {
          if (part.event.type === 'done') results.push(part.event.result)
          yield part
        }
        positions = taken(results)
      } catch (error) {
        positions = priceAfter(error)
        throw error
      } finally {
        admission.end(positions)
      }
    }
  }
}
