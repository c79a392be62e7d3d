/** From what happened to each request to what a run has shown. Pure. */
import { mean, quantiles, type Quantiles } from './statistics.js'
import type { Answer, GenerationFacts } from './client.js'

/** One request. Times in ms from the start of the run. */
export interface Outcome {
  /** When it was due: latency counts from here, whenever it was sent. */
  readonly scheduledMs: number
  /** undefined: there were too many under way. */
  readonly sentMs: number | undefined
  readonly doneMs: number
  readonly refinedMs?: number | undefined
  /** See `Answer`; `unsent` where it was not sent. */
  readonly status: string
  readonly generation?: GenerationFacts | undefined
  readonly message?: string | undefined
}

/** What is counted: requests that were due, and answers that came, from `beginMs` to `endMs`. */
export interface Window {
  readonly beginMs: number
  readonly endMs: number
}

export interface StatusCount {
  readonly status: string
  readonly count: number
  /** What the first of them said. */
  readonly message?: string
}

export interface LoadSummary {
  readonly seconds: number
  readonly requests: number
  readonly offeredPerSecond: number
  /** Answers with status 200 that came within the window, whenever they were asked for. */
  readonly answeredPerSecond: number
  readonly tokensPerSecond: number
  readonly statuses: readonly StatusCount[]
  /** Of answers with status 200. */
  readonly latencyMs: Quantiles | null
  readonly firstRefinementMs: Quantiles | null
  /** Where the answers' time at the server went, by their own timings; between: waits between steps. */
  readonly serverShare: { readonly queue: number, readonly compute: number, readonly between: number } | null
  readonly meanSteps: number | null
  /** Requests answered in time, of all that came to an end. */
  readonly goodput: { readonly deadlineMs: number, readonly count: number, readonly share: number, readonly perSecond: number } | null
  /** From when a request was due to when it was sent: the generator's own fault. */
  readonly lagMs: Quantiles | null
}

const ANSWERED = '200'

export function summarise (outcomes: readonly Outcome[], { beginMs, endMs }: Window, deadlineMs?: number): LoadSummary {
  const seconds = (endMs - beginMs) / 1000
  const within = (ms: number): boolean => ms >= beginMs && ms < endMs
  const counted = outcomes.filter(({ scheduledMs }) => within(scheduledMs))
  const answered = counted.filter(({ status }) => status === ANSWERED)
  const came = outcomes.filter(({ status, doneMs }) => status === ANSWERED && within(doneMs))
  const tokens = came.reduce((sum, { generation }) => sum + (generation?.tokens ?? 0), 0)
  return {
    seconds,
    requests: counted.length,
    offeredPerSecond: counted.length / seconds,
    answeredPerSecond: came.length / seconds,
    tokensPerSecond: tokens / seconds,
    statuses: countStatuses(counted),
    latencyMs: quantiles(answered.map(latencyOf)),
    firstRefinementMs: quantiles(answered.flatMap(({ refinedMs, scheduledMs }) =>
      refinedMs === undefined ? [] : [refinedMs - scheduledMs])),
    serverShare: serverShare(answered),
    meanSteps: meanSteps(answered),
    goodput: deadlineMs === undefined ? null : goodput(counted, deadlineMs, seconds),
    lagMs: quantiles(counted.flatMap(({ sentMs, scheduledMs }) => sentMs === undefined ? [] : [sentMs - scheduledMs]))
  }
}

/** The outcome of an answer; `startedAt` is the start of the run on the answer's clock. */
export function outcomeOf (answer: Answer, scheduledMs: number, sentMs: number, startedAt: number): Outcome {
  const { doneAt, refinedAt, ...rest } = answer
  const refinedMs = refinedAt === undefined ? undefined : refinedAt - startedAt
  return { ...rest, scheduledMs, sentMs, doneMs: doneAt - startedAt, refinedMs }
}

function latencyOf ({ doneMs, scheduledMs }: Outcome): number {
  return doneMs - scheduledMs
}

/** Most frequent first. */
function countStatuses (outcomes: readonly Outcome[]): StatusCount[] {
  const counts = new Map<string, StatusCount>()
  for (const { status, message } of outcomes) {
    const { count = 0, message: first = message } = counts.get(status) ?? {}
    counts.set(status, { status, count: count + 1, ...(first === undefined ? {} : { message: first }) })
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)
}

function serverShare (answered: readonly Outcome[]): LoadSummary['serverShare'] {
  const sum = (of: (facts: GenerationFacts) => number): number =>
    answered.reduce((total, { generation }) => total + (generation === undefined ? 0 : of(generation)), 0)
  const total = sum(({ totalMs }) => totalMs)
  if (total === 0) return null
  const queue = sum(({ queueMs }) => queueMs) / total
  const compute = sum(({ computeMs }) => computeMs) / total
  return { queue, compute, between: Math.max(0, 1 - queue - compute) }
}

function meanSteps (answered: readonly Outcome[]): number | null {
  const steps = answered.flatMap(({ generation }) => generation?.steps ?? [])
  return steps.length === 0 ? null : mean(steps)
}

function goodput (counted: readonly Outcome[], deadlineMs: number, seconds: number): LoadSummary['goodput'] {
  const count = counted.filter((outcome) => outcome.status === ANSWERED && latencyOf(outcome) <= deadlineMs).length
  const ended = counted.filter(({ status }) => status !== 'interrupted').length
  return { deadlineMs, count, share: ended === 0 ? 0 : count / ended, perSecond: count / seconds }
}
