/** What the engine tells those whom it does not serve, or not to the end. */
import { FewstepError } from '../errors.js'
import { WorkerKilled } from './worker-killed.js'

const MAX_RETRY_AFTER_SECONDS = 60

/** @param waitMs expected time until those before it are done */
export function waitTooLong (waitMs: number, maxWaitMs: number): FewstepError {
  return new FewstepError('queue_full',
    `the queue is full: the request would begin in about ${seconds(waitMs)} s and not be done within ${seconds(maxWaitMs)} s; retry later`,
    { retryAfterSeconds: retryAfterSeconds(waitMs) })
}

/** @param expectedMs expected time until the request would be done */
export function deadlineTooLate (deadlineMs: number, expectedMs: number, waitMs: number): FewstepError {
  return new FewstepError('queue_full',
    `the queue is full: the request would be done in about ${seconds(expectedMs)} s, more than deadline_ms, ${deadlineMs}; retry later`,
    { field: 'deadline_ms', retryAfterSeconds: retryAfterSeconds(waitMs) })
}

/** @param aloneMs expected time for the request on an idle server */
export function deadlineTooShort (deadlineMs: number, aloneMs: number): FewstepError {
  return new FewstepError('deadline_too_short',
    `deadline_ms, ${deadlineMs}, is too short: the request takes about ${seconds(aloneMs)} s even on an idle server; ` +
    'ask for fewer steps or tokens, an elastic budget, or more time', { field: 'deadline_ms' })
}

export function queueFull ({ admitted, maxQueue, needed, waitMs }: {
  /** Canvases. */
  readonly admitted: number
  readonly maxQueue: number
  readonly needed: number
  /** Expected time until all that is admitted is done. */
  readonly waitMs: number
}): FewstepError {
  return new FewstepError('queue_full',
    `the queue is full: ${admitted} of ${maxQueue} canvases are taken and the request needs ${needed}; retry later`,
    { retryAfterSeconds: retryAfterSeconds(waitMs) })
}

/** @param waitMs expected time until there is a worker */
export function notReady (waitMs: number, cause?: unknown): FewstepError {
  return new FewstepError('not_ready', 'no session worker of the model is ready; retry later',
    { retryAfterSeconds: retryAfterSeconds(waitMs), cause })
}

export function shuttingDown (): FewstepError {
  return new FewstepError('draining', 'the server is shutting down; send the request to another replica')
}

export function shutDown (): FewstepError {
  return new FewstepError('draining', 'the server shut down before the generation was done')
}

export function cancelled (): FewstepError {
  return new FewstepError('cancelled', 'the request was cancelled')
}

export function inferenceFailed (cause: unknown): FewstepError {
  const message = cause instanceof WorkerKilled
    ? 'the worker of a step was killed again and again, as happens where memory runs out; ask for fewer or shorter outputs at once'
    : 'a step failed again and again; the server\'s log says why'
  return new FewstepError('inference_failed', message, { cause })
}

/** @param taken the fewest steps that one of the canvases has taken */
export function deadlineExceeded (deadlineMs: number, taken: number, steps: number): FewstepError {
  return new FewstepError('deadline_exceeded',
    `deadline_ms, ${deadlineMs}, was over after ${taken} of ${steps} steps; ` +
    'ask for fewer steps or tokens, an elastic budget, or more time', { field: 'deadline_ms' })
}

function retryAfterSeconds (ms: number): number {
  return Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(ms / 1000)))
}

/** Two digits that mean something. */
function seconds (ms: number): string {
  return String(Number((ms / 1000).toPrecision(2)))
}
