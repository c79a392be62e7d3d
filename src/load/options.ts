/** What a load generator is told. */

/** Refinements of a request: as many, or, where they differ, the bounds of an elastic budget. */
export interface StepRange {
  readonly min: number
  readonly max: number
}

export interface OpenLoop {
  readonly kind: 'open'
  readonly arrivals: 'poisson' | 'uniform'
  /** Requests per second. */
  readonly rate: number
}

/** So many clients, each of which asks again when it is answered. */
export interface ClosedLoop {
  readonly kind: 'closed'
  readonly concurrency: number
}

export interface LoadOptions {
  /** Of the generation route. */
  readonly url: URL
  /** Sent as a bearer token. */
  readonly apiKey?: string | undefined
  readonly loop: OpenLoop | ClosedLoop
  /** What is measured, after the warm-up. */
  readonly durationS: number
  /** Requests that arrive before this time are sent and not counted. */
  readonly warmupS: number
  /** A request takes one of each list at random. */
  readonly maxTokens: readonly number[]
  readonly steps: readonly StepRange[]
  /** Empty: free generation. */
  readonly prompts: readonly string[]
  readonly stream: boolean
  /** Sent with the request, and what goodput is judged by. */
  readonly deadlineMs: number | undefined
  /** What goodput is judged by instead, and what the server is not told. */
  readonly goodWithinMs?: number | undefined
  /** A request unanswered for so long is given up. */
  readonly timeoutS: number
  /** Requests under way at once; one that would be more is not sent, and counted as that. */
  readonly maxInFlight: number
  readonly seed: number
}
