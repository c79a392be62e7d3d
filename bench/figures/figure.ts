/** A figure of the benchmark: one number, what it should be, and how it is measured. */
import type { Spread } from '../../src/load/statistics.js'

export type Goal = { readonly atMost: number } | { readonly atLeast: number }

export interface Measurement {
  /** A ratio of things run beside each other wherever that is possible: the median of at least five. */
  readonly value: number
  readonly spread: Spread
  /** '×' for a ratio. */
  readonly unit: string
  /** Whatever else was measured on the way; it goes into bench/results.json, its names in snake_case. */
  readonly detail?: object
}

export interface Figure {
  /** snake_case */
  readonly name: string
  /** One line. */
  readonly about: string
  /** undefined: nothing is promised. */
  readonly goal?: Goal
  /** @throws Error saying what is missing and how to get it, where it cannot be measured here */
  readonly measure: () => Promise<Measurement>
}

export function formatGoal (goal: Goal | undefined): string {
  if (goal === undefined) return '–'
  return 'atMost' in goal ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`
}

/** undefined without a goal. */
export function isMet (goal: Goal | undefined, value: number): boolean | undefined {
  if (goal === undefined) return undefined
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast
}
