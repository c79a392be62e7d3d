/** How generations end, for those who count: streams included, whose status was sent long before. */
import type { ErrorCode } from '../../errors.js'
import type { TextEvent } from '../../generation/index.js'
import { asFewstepError } from '../errors/error-body.js'

/** `completed`, or the code of the error that ended it; `cancelled`: the client left. */
export type Outcome = 'completed' | ErrorCode

/** The same result, counted. */
export async function counted<Result> (generation: Promise<Result>, count: (outcome: Outcome) => void): Promise<Result> {
  try {
    const result = await generation
    count('completed')
    return result
  } catch (error) {
    count(asFewstepError(error).code)
    throw error
  }
}

/** The same events, counted once, when they end. */
export async function * countedEvents (
  events: AsyncIterable<TextEvent>, count: (outcome: Outcome) => void
): AsyncGenerator<TextEvent, void, undefined> {
  // Unless more is heard of it, the reader left.
  let outcome: Outcome = 'cancelled'
  try {
    for await (const event of events) {
      if (event.type === 'done') outcome = 'completed'
      yield event
    }
  } catch (error) {
    outcome = asFewstepError(error).code
    throw error
  } finally {
    count(outcome)
  }
}
