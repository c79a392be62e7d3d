/** What decides which rows run next. Each policy is a function of a snapshot. */
import { goesAhead } from '../../src/engine/ahead.js'
import { nextBatch } from '../../src/engine/batcher.js'
import { plannedSteps } from '../../src/engine/step-budget.js'
import type { Batch, Policy, Row, ServiceSnapshot } from './simulator.js'

/** The service's own batches, those that it sends ahead among them. */
function earliestDue (snapshot: ServiceSnapshot): Row[] {
  const rows = nextBatch(snapshot)
  const [first] = rows
  if (!snapshot.ahead || first === undefined) return rows
  const { costs, maxBatch } = snapshot
  return goesAhead(rows.length, costs.efficientRows(first.paddedLength, maxBatch, first.lane)) ? rows : []
}

/** The rows that came first of the kind of the very first, up to the largest batch: padding costs no policy anything. */
function oldest ({ waiting, maxBatch, ahead }: ServiceSnapshot): Row[] {
  if (ahead) return []
  let first: Row | undefined
  for (const row of waiting) if (first === undefined || row.sequence < first.sequence) first = row
  const company = [...waiting].filter(({ paddedLength, lane }) => paddedLength === first?.paddedLength && lane === first.lane)
  return company.sort((a, b) => a.sequence - b.sequence).slice(0, maxBatch)
}

/** One step towards all that the rows may take. */
function stepOf (rows: readonly Row[]): Batch | undefined {
  return rows.length === 0 ? undefined : { rows, steps: 1, targets: rows.map(({ arrival }) => arrival.steps.max) }
}

/** Static batching: who waits when a worker is idle runs to the end, and answers come when the last of them is done. */
const fifoRequest: Policy = (snapshot) => {
  const rows = oldest(snapshot)
  if (rows.length === 0) return undefined
  const targets = rows.map(({ arrival }) => arrival.steps.max)
  return { rows, steps: Math.max(...targets), targets }
}

/** Batches made anew for every step, the oldest request first. */
const stepFifo: Policy = (snapshot) => stepOf(oldest(snapshot))

/** The service's own batches, with the steps that were asked for. */
const edf: Policy = (snapshot) => stepOf(earliestDue(snapshot))

/** The service's own batches and its own elastic budgets. */
const edfElastic: Policy = (snapshot) => {
  const { now, workers, maxBatch, costs, admitted, turnaroundMs } = snapshot
  const rows = earliestDue(snapshot)
  const targets = rows.map(({ arrival, taken, deadlineAt, paddedLength, lane }) => plannedSteps(arrival.steps, taken, {
    load: admitted / (workers * costs.efficientRows(paddedLength, maxBatch, lane)),
    slackMs: deadlineAt - now,
    stepMs: Math.max(costs.estimate(1, paddedLength, lane), turnaroundMs)
  }).steps)
  return rows.length === 0 ? undefined : { rows, steps: 1, targets }
}

export interface PolicyEntry {
  readonly name: string
  readonly about: string
  /** It may take fewer steps than the most that a request allows; without that, rows have one number of steps. */
  readonly elastic: boolean
  readonly decide: Policy
}

export const POLICIES: readonly PolicyEntry[] = [
  { name: 'fifo-request', about: 'first come first served, whole requests in static batches', elastic: false, decide: fifoRequest },
  { name: 'step-fifo', about: 'first come first served, batches made anew for every step', elastic: false, decide: stepFifo },
  { name: 'edf', about: 'earliest due first, batch sizes from the cost curve', elastic: false, decide: edf },
  { name: 'edf-elastic', about: 'the same, and fewer steps under load or near a deadline', elastic: true, decide: edfElastic }
]
